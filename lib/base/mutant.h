#ifndef BASE_MUTANT_H
#define BASE_MUTANT_H

#include <stdbool.h>

/*
 * A deliberate fault, to see whether the tests notice it: see tests/mutants. Only a
 * build with the option `mutants` has any, and there the environment variable
 * RELEVO_MUTANT chooses one; in every other build this is nothing.
 */
#ifdef RELEVO_MUTANTS
#define MUTANT(name) mutant_is_chosen(#name)
bool mutant_is_chosen(const char *name);
#else
#define MUTANT(name) false
#endif

#endif
