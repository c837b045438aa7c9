/* The runs of items that wait on disk: see cold.h. */
#include "stock/cold.h"

#include "core/charge.h"

#include <stdlib.h>
#include <string.h>

/* The table may have twice the room that it needs. */
enum { RUN_COST = 2 * sizeof(struct cold_run) };

static bool make_room(struct cold *cold)
{
	if (cold->end < cold->capacity)
		return true;
	size_t count = cold->end - cold->start;
	/* What has left in front is room, too. */
	if (cold->start > count) {
		memmove(cold->runs, cold->runs + cold->start, count * sizeof *cold->runs);
		cold->start = 0;
		cold->end = count;
		return true;
	}
	size_t capacity = cold->capacity > 0 ? cold->capacity * 2 : 16;
	struct cold_run *runs = realloc(cold->runs, capacity * sizeof *runs);
	if (runs == NULL)
		return false;
	cold->runs = runs;
	cold->capacity = capacity;
	return true;
}

bool cold_add_run(struct cold *cold, const struct cold_run *run)
{
	if (!make_room(cold))
		return false;
	/* It is on disk already: that it is in memory, too, is small. */
	account_charge_anyhow(run->account, RUN_COST);
	account_hold(run->account);
	cold->runs[cold->end++] = *run;
	cold->items += run->count;
	cold->bytes += run->bytes;
	return true;
}

bool cold_add(struct cold *cold, uint64_t sequence, size_t size, struct account *account)
{
	struct cold_run *last = cold->end > cold->start ? &cold->runs[cold->end - 1] : NULL;
	if (last == NULL || last->account != account || last->first + last->count != sequence)
		return cold_add_run(cold, &(struct cold_run){ sequence, 1, size, account });
	last->count++;
	last->bytes += size;
	cold->items++;
	cold->bytes += size;
	return true;
}

const struct cold_run *cold_first(const struct cold *cold)
{
	return cold->items > 0 ? &cold->runs[cold->start] : NULL;
}

static void leave(struct cold *cold, uint64_t items, uint64_t bytes)
{
	struct cold_run *run = &cold->runs[cold->start];
	run->first += items;
	run->count -= items;
	run->bytes -= bytes;
	cold->items -= items;
	cold->bytes -= bytes;
	if (run->count > 0)
		return;
	account_release(run->account, RUN_COST);
	account_drop(run->account);
	cold->start++;
	if (cold->items == 0)
		cold->start = cold->end = 0;
}

void cold_remove(struct cold *cold, size_t size)
{
	leave(cold, 1, size);
}

void cold_remove_run(struct cold *cold)
{
	const struct cold_run *run = cold_first(cold);
	leave(cold, run->count, run->bytes);
}

void cold_end(struct cold *cold)
{
	while (cold->items > 0)
		cold_remove_run(cold);
	free(cold->runs);
	*cold = (struct cold){ 0 };
}
