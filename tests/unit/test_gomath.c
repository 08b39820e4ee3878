/* To the last bit what Go's package math answers. */
#include "tests/unit/check.h"

#include <math.h>

#include "promql-lite/gomath.h"

enum function {
	GO_SIN,
	GO_COS,
	GO_TAN,
	GO_ASIN,
	GO_ACOS,
	GO_ATAN,
	GO_ATAN2,
	GO_POW,
	GO_EXP,
	GO_EXP2,
	GO_LOG,
	GO_LOG2,
	GO_LOG10,
	GO_SINH,
	GO_COSH,
	GO_TANH,
	GO_ASINH,
	GO_ACOSH
};

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
	case GO_EXP: return gomath_exp(x);
	case GO_EXP2: return gomath_exp2(x);
	case GO_LOG: return gomath_log(x);
	case GO_LOG2: return gomath_log2(x);
	case GO_LOG10: return gomath_log10(x);
	case GO_SINH: return gomath_sinh(x);
	case GO_COSH: return gomath_cosh(x);
	case GO_TANH: return gomath_tanh(x);
	case GO_ASINH: return gomath_asinh(x);
	case GO_ACOSH: return gomath_acosh(x);
	}
	return NAN;
}

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
	{GO_EXP, 273.2, 0.0, 4.45915384286817e+118},
	{GO_EXP, 46.397367436088174, 0.0, 1.4129300193823785e+20},
	{GO_EXP, 49.65789713154825, 0.0, 3.682567424683161e+21},
	{GO_EXP, 270.81551754269975, 0.0, 4.1085150536015745e+117},
	{GO_EXP2, 0.5, 0.0, 1.4142135623730949},
	{GO_EXP2, -0.5, 0.0, 0.70710678118654746},
	{GO_EXP2, -1074.5, 0.0, 0},
	{GO_EXP2, 1024, 0.0, HUGE_VAL},
	{GO_EXP2, 1.6899466852799412, 0.0, 3.2264478014749729},
	{GO_EXP2, -460.60480488084329, 0.0, 2.2087043367752268e-139},
	{GO_EXP2, -10.299233007167521, 0.0, 0.00079363704702177431},
	{GO_LOG, 698235.5, 0.0, 13.456311717390586},
	{GO_LOG, 146155.9482771708, 0.0, 11.892429469520762},
	{GO_LOG, 354214.69814228604, 0.0, 12.777658500201373},
	{GO_LOG, 342682.0517058429, 0.0, 12.744558333295503},
	{GO_LOG2, 2226.3, 0.0, 11.120432297535084},
	{GO_LOG2, 66156.76001469366, 0.0, 16.013600960715337},
	{GO_LOG2, 45882.45788419349, 0.0, 15.485655056917961},
	{GO_LOG2, 38895.90940936671, 0.0, 15.247330817919472},
	{GO_LOG10, 1.4495503649463745e+15, 0.0, 15.1612333096105},
	{GO_LOG10, 8.487640557765344e+15, 0.0, 15.928786979389463},
	{GO_LOG10, 1.4608054955231645e+15, 0.0, 15.164592394001078},
	{GO_LOG10, 1.8001912163068818e+15, 0.0, 15.255318638312357},
	{GO_SINH, 20, 0.0, 2.4258259770489514e+08},
	{GO_SINH, 25.828104607382464, 0.0, 8.240874746823677e+10},
	{GO_SINH, 25.123133306297724, 0.0, 4.072003732189648e+10},
	{GO_SINH, 1.2933566686577276, 0.0, 1.685326382919342},
	{GO_COSH, 28.2, 0.0, 8.832311836671183e+11},
	{GO_COSH, 7.204509145381751, 0.0, 672.7424165362454},
	{GO_COSH, 23.472551757344885, 0.0, 7.815732893530527e+09},
	{GO_COSH, -2.939124150144829, 0.0, 9.476099087820964},
	{GO_TANH, -0.4, 0.0, -0.3799489622552249},
	{GO_TANH, 0.6473294604614601, 0.0, 0.5698694318237889},
	{GO_TANH, -0.23649276109351547, 0.0, -0.23218029118223704},
	{GO_TANH, 1.138273316396603, 0.0, 0.8138318499484981},
	{GO_ASINH, 680114.7, 0.0, 14.123163919959087},
	{GO_ASINH, 423467.2743645278, 0.0, 13.649378696421982},
	{GO_ASINH, 942365.6659074514, 0.0, 14.449295839165064},
	{GO_ASINH, 347800.12211640424, 0.0, 13.452530412575266},
	{GO_ACOSH, 924843.6, 0.0, 14.430527101677317},
	{GO_ACOSH, 868135.8990380227, 0.0, 14.367250727658977},
	{GO_ACOSH, 816182.3072395357, 0.0, 14.305540205286961},
	{GO_ACOSH, 459462.864052444, 0.0, 13.73096057990407},
	{GO_POW, 2.052248015721324, 3.641925050349114, 13.71253319410961},
	{GO_POW, 8.816130389343874, -0.6339504300085137, 0.25161736061879414},
	{GO_POW, 15.664440954683192, 2.9421157261173967, 3277.765794392588},
};

static void test_answers_of_go(void **state) {
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
	assert_true(isnan(gomath_exp2(NAN)) && gomath_exp2(INFINITY) == INFINITY &&
				gomath_exp2(-INFINITY) == 0);
	assert_true(isnan(gomath_log2(-1)) && gomath_log10(INFINITY) == INFINITY);
	assert_true(gomath_exp(709.5) == INFINITY && gomath_exp(-INFINITY) == 0 &&
				isnan(gomath_exp(NAN)));
	assert_true(gomath_exp(-745) == 5e-324 && gomath_exp(-1e300) == 0 && gomath_exp(0) == 1);
	assert_true(signbit(gomath_sinh(-0.0)) && signbit(gomath_tanh(-0.0)) &&
				signbit(gomath_asinh(-0.0)));
	assert_true(signbit(gomath_atanh(-0.0)) && gomath_atanh(-1) == -INFINITY &&
				isnan(gomath_atanh(2)));
	assert_true(gomath_tanh(-50) == -1 && isnan(gomath_acosh(0.5)) && gomath_acosh(1) == 0);
	assert_true(isnan(gomath_sinh(NAN)) && isnan(gomath_tanh(NAN)) && gomath_asinh(-INFINITY) < 0);
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
