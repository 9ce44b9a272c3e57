#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_qrng.h>
#include <gsl/gsl_vector.h>

/* Trust-region solver; GSL states it as a global variable, which other languages take for mutable. */
static inline const gsl_multifit_nlinear_type *gsl_trust_region_solver(void) { return gsl_multifit_nlinear_trust; }

/* The generator of Antonov and Saleev for Sobol's sequence, likewise a global variable. */
static inline const gsl_qrng_type *gsl_sobol_sequence(void) { return gsl_qrng_sobol; }
