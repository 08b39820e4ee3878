/* BUG() reports a state that cannot be, and aborts. The pure layers cannot print, so the shell says where the message goes. */
#ifndef BASE_BUG_H
#define BASE_BUG_H

typedef void bug_handler(const char *file, int line, const char *what);

/* NULL takes the handler away. The handler may return; abort() follows. */
void bug_set_handler(bug_handler *handler);

_Noreturn void bug_abort(const char *file, int line, const char *what);

#define BUG(what) bug_abort(__FILE__, __LINE__, what)
#define BUG_ON(condition)                                                                          \
	do {                                                                                           \
		if (condition) {                                                                           \
			BUG(#condition);                                                                       \
		}                                                                                          \
	} while (0)

#endif
