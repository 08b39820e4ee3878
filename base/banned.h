/* Functions that do not compile here, each with what to use instead. Included before every source by the build. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf /* strbuf_printf */
#pragma GCC poison strtok                         /* str_slice, str_find */
#pragma GCC poison gmtime localtime               /* timestamp_civil */
#pragma GCC poison atoi atol atof                 /* gofloat_parse, strtoll with its end checked */

#endif
