/* Pages of programs and libraries that only the start needed. */
#ifndef ENGINE_IO_PAGES_H
#define ENGINE_IO_PAGES_H

/* Linking thirty shared libraries at the start touches megabytes of symbol tables that are never read again, and they stay in the
 * resident set until memory runs short. This gives back every page of code and read-only data; what is still used comes back from
 * the page cache, unread from disk, at its next use. Nothing is lost: such pages are never written. Where the system has no such
 * call it does nothing. */
void pages_release(void);

/* What a tick needed and freed stays with the process until somebody gives it back; this does, when it is much. The next tick gets
 * new pages, which costs it a few milliseconds for 10,000 rules. */
void pages_trim_heap(void);

#endif
