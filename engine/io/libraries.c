#include "engine/io/libraries.h"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <microhttpd.h>
#include <uv.h>

void libraries_print(struct strbuf *out) {
	strbuf_printf(out, "libuv %s, libcurl %s, libmicrohttpd %s, cJSON %s", uv_version_string(),
				  curl_version_info(CURLVERSION_NOW)->version, MHD_get_version(), cJSON_Version());
}
