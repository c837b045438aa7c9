#ifndef SUPPORT_TEST_H
#define SUPPORT_TEST_H

/* cmocka, and what it needs to be included first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What a test that hangs may take, in ms: no wait in a test is longer. With a deliberate fault
 * many do hang, and that need not take long. */
#ifdef RELEVO_MUTANTS
enum { TEST_PATIENCE = 8000 };
#else
enum { TEST_PATIENCE = 20000 };
#endif

#endif
