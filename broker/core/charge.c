/* Charging an account, with an error that says why it was refused. */
#include "core/charge.h"

int charge_refused(const struct account *account, size_t bytes, const char *what,
		   struct error *error)
{
	return error_set(error, RELEVO_QUOTA,
			 "user %u asks for %zu bytes for %s, and uses %zu of the %zu allowed%s",
			 account->uid, bytes, what, account->used, account->registry->memory_limit,
			 account_is_scattered(account, bytes)
				 ? ", but scattered over so many pages that the broker may not grow"
				 : "");
}

int charge(struct account *account, size_t bytes, const char *what, struct error *error)
{
	if (!account_charge(account, bytes))
		return charge_refused(account, bytes, what, error);
	return RELEVO_OK;
}

int charge_buffer(struct account *account, size_t bytes, const char *what, struct error *error)
{
	if (!account_charge_buffer(account, bytes))
		return charge_refused(account, bytes, what, error);
	return RELEVO_OK;
}
