/* What Alertmanager is told of one alert. */
#ifndef NOTIFIERS_NOTICE_H
#define NOTIFIERS_NOTICE_H

#include "base/labels.h"
#include "base/strbuf.h"
#include "base/timestamp.h"

struct notice {
	struct labels labels;      /* identity, external labels included */
	struct labels annotations; /* may hold empty values */
	ts_ms starts_at;
	ts_ms
		ends_at; /* firing: until when Alertmanager may believe it without a further word; resolved: since when it is over */
	bool resolved;
	ts_ms
		sure_until; /* when the next evaluation is due: from then on another engine with the same rules may know better */
	struct str generator_url;
};

/* One heap block, free() it. */
struct notice *notice_dup(const struct notice *n);

/* The element of the v2 API's array. */
void notice_print_json(struct strbuf *out, const struct notice *n);

#endif
