/* Kubernetes' manifests, in which Prometheus' operator keeps rule files: as objects of the kind PrometheusRule. */
#ifndef RULES_MANIFEST_H
#define RULES_MANIFEST_H

#include "rules/yaml/yaml.h"

/* Whether the documents are Kubernetes' and not a rule file of Prometheus', which would refuse their keys. */
bool manifest_is(const struct yaml_document *documents, size_t count);

/* Whether such documents can have rules in them: one is a PrometheusRule, or a list. */
bool manifest_has_rules(const struct yaml_document *documents, size_t count);

#endif
