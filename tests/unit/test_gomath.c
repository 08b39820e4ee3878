/* To the last bit what Go's package math answers. */
#include "tests/unit/check.h"

#include <math.h>

#include "promql-lite/gomath.h"

enum function { GO_SIN, GO_COS, GO_TAN, GO_ASIN, GO_ACOS, GO_ATAN, GO_ATAN2, GO_POW };

static double call(enum function f, double x, double y) {
	switch (f) {
	case GO_SIN: return gomath_sin(x);
	case GO_COS: return gomath_cos(x);
	case GO_TAN: return gomath_tan(x);
	case GO_ASIN: return gomath_asin(x);
	case GO_ACOS: return gomath_acos(x);
	case GO_ATAN: return gomath_atan(x);
	case GO_ATAN2: return gomath_atan2(x, y);
	case GO_POW: return gomath_pow(x, y);
	}
	return NAN;
}

static void test_answers_of_go(void **state) {
	static const struct {
		enum function function;
		double x, y, want;
	} cases[] = {
		{GO_SIN, 5.71, 15.38514561841084, -0.5423110198196697},
		{GO_SIN, -408.6336777063607, -0.18455049463833695, -0.2246976490676679},
		{GO_SIN, 0.04799510468905946, -12.0, 0.047976680450050005},
		{GO_SIN, -11.7978688588663, -0.056191398805648364, 0.6950588519924334},
		{GO_SIN, 4.41, -12.0, -0.9546277716602163},
		{GO_COS, 6.27, 0.06052681177871162, 0.9999130750966423},
		{GO_COS, 0.00042188447964498196, 6.858970634644182, 0.9999999110067442},
		{GO_COS, 7.26, -5.763943158385942, 0.5596651057060105},
		{GO_COS, -1.12, -14.0, 0.43568244627671204},
		{GO_COS, -19.125623087749442, 1.6282368022053118, 0.9621348639416126},
		{GO_TAN, 16324.180244251174, -20.302170249637538, 0.5014615916756126},
		{GO_TAN, 0.0005925429715098458, 1.8942940208762309, 0.0005925430408585514},
		{GO_TAN, 3.52, -0.05294290348552261, 0.3975671634519695},
		{GO_TAN, -6.7, 0.0035184996073138377, -0.44275741673271624},
		{GO_TAN, 31.070120278462625, -1.4102345045621734, -0.36028319013586974},
		{GO_ASIN, 0.8181207573357211, 19.0, 0.9581353962366949},
		{GO_ASIN, -0.0928721552770899, 7.0, -0.09300618353821485},
		{GO_ASIN, -0.5583429560080717, -3.0, -0.5923870778502456},
		{GO_ASIN, 0.0003287867325350138, 0.0036076553662212473, 0.0003287867384586943},
		{GO_ASIN, 0.36045341937008146, -0.04245038867315898, 0.36875394391371574},
		{GO_ACOS, -0.0032112171574289463, -17.0, 1.574007549471318},
		{GO_ACOS, -0.3611013860833093, 13.0, 1.9402450279864303},
		{GO_ACOS, -0.9055182187849543, 3.0, 2.703395789605766},
		{GO_ACOS, -0.09350527255158658, 9.0, 1.6644383946923211},
		{GO_ACOS, 0.00012231701024198395, -0.27485036349243125, 1.5706740097843497},
		{GO_ATAN, 1.72, 0.0, 1.044169055361146},
		{GO_ATAN, 1.7, -1.6053335306346432, 1.039072259536091},
		{GO_ATAN, -5.38, -0.03092670168472488, -1.3870199965200578},
		{GO_ATAN, -0.6189536705016735, -0.04914187466051131, -0.5542395731674774},
		{GO_ATAN, -5.16, 1.5412104642372604, -1.3793708452695532},
		{GO_ATAN2, -5.14, -0.0068763949915759594, -1.5721341460340423},
		{GO_ATAN2, -1.0, 22.60758443930811, -0.04420412905284686},
		{GO_ATAN2, 3.98, 0.12771424565584444, 1.5387183276119796},
		{GO_ATAN2, -6.27, -0.007819120976529766, -1.5720433948847135},
		{GO_ATAN2, -6.1454730526579215, -0.006045440837622079, -1.5717800490951563},
		{GO_POW, -9.17733511257348, -2.0, 0.011873173641708314},
		{GO_POW, 0.0019020507712557162, 3.0, 6.8812338336018944e-09},
		{GO_POW, 1821.150170690116, 13.0, 2.4237893079103123e+42},
		{GO_POW, 0.004305961528623865, 20.0, 4.801787165745264e-48},
		{GO_POW, 27.484409950291695, -6.0, 2.319965323572707e-09},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		double got = call(cases[i].function, cases[i].x, cases[i].y);

		assert_memory_equal(&got, &cases[i].want, sizeof(got));
	}
}

static void test_special_cases(void **state) {
	(void)state;
	assert_true(isnan(gomath_sin(INFINITY)) && isnan(gomath_cos(-INFINITY)));
	assert_true(isnan(gomath_asin(1.5)) && isnan(gomath_acos(-1.5)) && isnan(gomath_atan(NAN)));
	assert_true(signbit(gomath_sin(-0.0)) && signbit(gomath_tan(-0.0)) &&
				signbit(gomath_atan(-0.0)));
	assert_true(gomath_pow(NAN, 0) == 1 && gomath_pow(1, NAN) == 1 &&
				isnan(gomath_pow(-8, 1. / 3)));
	assert_true(gomath_pow(2, 1e19) == INFINITY && gomath_pow(2, -1e19) == 0);
	assert_true(gomath_pow(-2, 3) == -8 && gomath_pow(4, 0.5) == 2 && gomath_pow(4, -0.5) == 0.5);
	assert_true(gomath_log10(1e15) == 14.999999999999998 && gomath_log10(1e9) == 9);
	assert_true(gomath_log2(8) == 3 && gomath_log2(5e-324) == -1074 &&
				gomath_log10(0) == -INFINITY);
	assert_true(isnan(gomath_log2(-1)) && gomath_log10(INFINITY) == INFINITY);
	assert_true(isinf(gomath_cosh(-710)) && gomath_sinh(-711) == -INFINITY);
	assert_true(gomath_sinh(-709) == -4.1092037307774862e+307 && isnan(gomath_cosh(NAN)));
	assert_true(gomath_pow(10, 400) == INFINITY && gomath_pow(10, -400) == 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_of_go),
		cmocka_unit_test(test_special_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
