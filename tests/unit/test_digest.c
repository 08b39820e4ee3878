#include "tests/unit/check.h"

#include "base/digest.h"

/* So many times "a": lengths around the ends of blocks. */
static const struct {
	size_t length;
	const char *md5, *sha256;
} cases[] = {
	{0, "d41d8cd98f00b204e9800998ecf8427e",
	 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{1, "0cc175b9c0f1b6a831c399e269772661",
	 "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},
	{55, "ef1772b6dff9a122358552954ad0df65",
	 "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
	{56, "3b0c8ac703f828b04c6c197006d17218",
	 "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
	{63, "b06521f39153d618550606be297466d5",
	 "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
	{64, "014842d480b571495a4a0363793f7367",
	 "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
	{119, "8a7bd0732ed6a28ce75f6dabc90e1613",
	 "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"},
	{120, "5f61c0ccad4cac44c75ff505e1f1e537",
	 "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"},
};

static void check_printed(const uint8_t *digest, size_t bytes, const char *expected) {
	struct strbuf text = STRBUF_INIT;
	digest_print(&text, digest, bytes);
	assert_string_equal(text.ptr, expected);
	strbuf_finish(&text);
}

static void test_digests(void **state) {
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct strbuf text = STRBUF_INIT;
		uint8_t md5[DIGEST_MD5_BYTES], sha256[DIGEST_SHA256_BYTES];
		strbuf_add_repeat(&text, 'a', cases[i].length);
		digest_md5(strbuf_str(&text), md5);
		digest_sha256(strbuf_str(&text), sha256);
		check_printed(md5, sizeof(md5), cases[i].md5);
		check_printed(sha256, sizeof(sha256), cases[i].sha256);
		strbuf_finish(&text);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_digests)};
	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
