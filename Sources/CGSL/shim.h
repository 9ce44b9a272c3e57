#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_vector.h>

/* Trust-region solver; GSL states it as a global variable, which other languages take for mutable. */
static inline const gsl_multifit_nlinear_type *gsl_trust_region_solver(void) { return gsl_multifit_nlinear_trust; }
