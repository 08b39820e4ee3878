/* How the engine is, in one sentence or a few: what `systemctl status` shows. */
#ifndef ENGINE_STATUS_LINE_H
#define ENGINE_STATUS_LINE_H

#include "engine/engine.h"

/* "12 rules in 3 groups: 2 alerts firing, 1 pending. 1 rule fails: …" Without a newline. What is well is not spoken of. */
void status_line_print(struct strbuf *out, const struct engine *e);

#endif
