/* The clock, read once per wake-up and then passed down as `now`. */
#ifndef ENGINE_IO_CLOCK_H
#define ENGINE_IO_CLOCK_H

#include "base/timestamp.h"

ts_ms clock_wall(void);       /* may jump when somebody sets it */
dur_ms clock_monotonic(void); /* from an arbitrary start; for how long things take */
dur_us clock_fine(void);      /* the same, finer */

#endif
