#ifndef SUPPORT_TEST_H
#define SUPPORT_TEST_H

/* cmocka, and what it needs to be included first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
