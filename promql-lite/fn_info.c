#include "promql-lite/eval_private.h"

void fn_info(struct pql_call_context *call) {
	fn_none(call);
}
