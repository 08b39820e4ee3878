/* Everything that a stranger can make large, and why the cap is where it is. Configuration can raise the ones with a key. */
#ifndef ENGINE_LIMITS_H
#define ENGINE_LIMITS_H

/* limits.answer_bytes: one answer of Prometheus, uncompressed. 100,000 series over 5 min are 54 MB. */
#define LIMIT_ANSWER_BYTES (256u << 20)
/* limits.fetches: requests to Prometheus under way at once; its own default is 20 queries. */
#define LIMIT_FETCHES 8u
/* limits.alerts_per_rule: instances of one alert; a rule that makes more is an error and keeps the state it had. */
#define LIMIT_ALERTS_PER_RULE 100000u
/* limits.samples: values in memory for one evaluation, as Prometheus' query.max-samples. */
#define LIMIT_SAMPLES 50000000u
/* limits.auto_bytes: what one rule reads at each evaluation before the server should rather do it: 30,000 series over 5 min. */
#define LIMIT_AUTO_BYTES (16u << 20)
/* limits.remote_write_bytes: encoded samples that wait to be written: an hour of 10,000 alerts at 15 s would be 700 MB. */
#define LIMIT_WRITE_BYTES (64u << 20)
/* One configuration or rule file. */
#define LIMIT_FILE_BYTES (64u << 20)
/* A certificate, a key, or the certificates of authorities. The bundle of a whole system is 250 KiB. */
#define LIMIT_PEM_BYTES (4u << 20)
/* What of a peer's answer is quoted in an error message. */
#define LIMIT_QUOTED_BYTES 200u
/* Answers of Alertmanager are only read for their error text. */
#define LIMIT_ALERTMANAGER_ANSWER_BYTES (1u << 20)
/* What an Alertmanager says of all the alerts that it holds; one of 10,000 is 9 MB. */
#define LIMIT_HELD_BYTES (64u << 20)
/* Labels of one of them; Alertmanager itself has no limit, relabelling here makes no more. */
#define LIMIT_HELD_LABELS 1000u
/* Alerts that wait for one Alertmanager; past it the oldest are dropped and counted. */
#define LIMIT_OUTBOX_ALERTS 100000u
/* Answers of our own HTTP API that their readers have not read yet, together. One of 10,000 firing alerts is 8 MB. */
#define LIMIT_API_ANSWERS_BYTES (64u << 20)
/* The body of one request to our own HTTP API. */
#define LIMIT_REQUEST_BYTES (64u << 10)
/* Different queries that the templates of one rule may make in one evaluation: each is a request. */
#define LIMIT_TEMPLATE_QUERIES 1000u
/* What an answer of Prometheus may hold besides its series: status, warnings. */
#define LIMIT_ANSWER_FRAME_BYTES (1u << 20)
/* Mutants that `tocsin test --mutate` tries; of more, a sample. They take some seconds. */
#define LIMIT_MUTANTS 10000u

#endif
