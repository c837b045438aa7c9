#ifndef CORE_CHARGE_H
#define CORE_CHARGE_H

#include "base/error.h"
#include "collections/account.h"

/* What an allocation costs beyond its size. */
#define CHARGE_OVERHEAD 16

/* Charge the account, or QUOTA with a text that says whose, for what, and the
 * limit. */
int charge(struct account *account, size_t bytes, const char *what, struct error *error);

/* The same for what everybody needs who takes things out: see account_charge_buffer(). */
int charge_buffer(struct account *account, size_t bytes, const char *what, struct error *error);

/* That text alone. */
int charge_refused(const struct account *account, size_t bytes, const char *what,
		   struct error *error);

#endif
