/* Tables of handles: numbers by which a session refers to objects. */
#include "core/handle.h"

#include "core/charge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_HANDLES = 8 };

static int handle_grow(struct handle_table *table, struct account *account, struct error *error)
{
	uint32_t capacity = table->capacity > 0 ? table->capacity * 2 : FIRST_HANDLES;
	size_t more = (capacity - table->capacity) * sizeof *table->handles;
	int status = charge_buffer(account, more, "handles", error);
	if (status != RELEVO_OK)
		return status;
	struct handle *handles = realloc(table->handles, capacity * sizeof *handles);
	if (handles == NULL) {
		account_release(account, more);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for %u handles", capacity);
	}
	/* The lowest free number comes first: handle n + 1 stands at n. */
	for (uint32_t i = table->capacity; i < capacity; i++)
		handles[i] = (struct handle){ .next_free = i + 1 < capacity ? i + 2 : 0 };
	table->free = table->capacity + 1;
	table->handles = handles;
	table->capacity = capacity;
	return RELEVO_OK;
}

int handle_reserve(struct handle_table *table, struct account *account, uint32_t most,
		   const char *what, struct error *error)
{
	if (table->count >= most)
		return error_set(error, RELEVO_LIMIT,
				 "the session has %u %s open, the most that it may have",
				 table->count, what);
	return table->free != 0 ? RELEVO_OK : handle_grow(table, account, error);
}

uint32_t handle_add(struct handle_table *table, void *object)
{
	uint32_t number = table->free;
	assert(number != 0);
	table->free = table->handles[number - 1].next_free;
	table->handles[number - 1].object = object;
	table->count++;
	return number;
}

void *handle_find(const struct handle_table *table, uint32_t number)
{
	return number > 0 && number <= table->capacity ? table->handles[number - 1].object : NULL;
}

uint32_t handle_next(struct handle_table *table)
{
	while (table->past < table->capacity && table->handles[table->past].object == NULL)
		table->past++;
	return table->past < table->capacity ? table->past + 1 : 0;
}

void handle_remove(struct handle_table *table, uint32_t number)
{
	table->handles[number - 1] = (struct handle){ .next_free = table->free };
	table->free = number;
	table->count--;
}

int handle_table_copy(struct handle_table *table, const struct handle_table *from,
		      struct account *account, struct error *error)
{
	size_t size = from->capacity * sizeof *from->handles;
	if (from->count == 0)
		return RELEVO_OK;
	int status = charge(account, size, "handles", error);
	if (status != RELEVO_OK)
		return status;
	struct handle *handles = malloc(size);
	if (handles == NULL) {
		account_release(account, size);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for %u handles", from->count);
	}
	memcpy(handles, from->handles, size);
	for (uint32_t i = 0; i < from->capacity; i++)
		handles[i].ahead = NULL;
	*table = *from;
	table->handles = handles;
	return RELEVO_OK;
}

void handle_table_fini(struct handle_table *table, struct account *account)
{
	account_release(account, table->capacity * sizeof *table->handles);
	free(table->handles);
	*table = (struct handle_table){ 0 };
}
