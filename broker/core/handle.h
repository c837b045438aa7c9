#ifndef CORE_HANDLE_H
#define CORE_HANDLE_H

#include "base/error.h"
#include "collections/account.h"

#include <stdbool.h>

/* One number under which a session knows an object, deleted or not. */
struct handle {
	void *object;        /* NULL: the number is free */
	struct ahead *ahead; /* of a queue; NULL: it never got items ahead */
	bool strict;         /* of a queue: gets strictly in order, see ahead.h */
	uint32_t next_free;  /* the next free number; 0: none */
};

/* The objects of one kind that a session has open. Zero to begin with. */
struct handle_table {
	struct handle *handles; /* handle n stands at n - 1 */
	uint32_t capacity;
	uint32_t count;
	uint32_t free; /* 0: none */
	uint32_t past; /* numbers up to this one are passed over by handle_next() */
};

/* Make sure that handle_add() succeeds once; `what` are the objects. LIMIT (no
 * more than `most`), QUOTA, NO_MEMORY. */
int handle_reserve(struct handle_table *table, struct account *account, uint32_t most,
		   const char *what, struct error *error);

/* A new number for the object. */
uint32_t handle_add(struct handle_table *table, void *object);

/* The object of that number, or NULL. */
void *handle_find(const struct handle_table *table, uint32_t number);

/* The lowest number in use; 0: none is. Numbers below it that come into use are not found
 * any more: for who closes all, one after the other. */
uint32_t handle_next(struct handle_table *table);

/* Free a number that is in use. */
void handle_remove(struct handle_table *table, uint32_t number);

/* Make an empty table like another: the same objects under the same numbers. Nothing that was
 * handed out goes along. QUOTA, NO_MEMORY. */
int handle_table_copy(struct handle_table *table, const struct handle_table *from,
		      struct account *account, struct error *error);

/* Give the memory back. */
void handle_table_fini(struct handle_table *table, struct account *account);

#endif
