/* The numbers that "top" shows: asked of the broker, with rates since the last time. */
#include "cli/top_table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool is_held(enum relevo_kind kind)
{
	return kind == RELEVO_KIND_LOCK || kind == RELEVO_KIND_SEMAPHORE;
}

static int add_row(const struct relevo_queue_info *info, void *user)
{
	struct top_table *table = user;
	if (table->count == table->capacity) {
		size_t capacity = table->capacity > 0 ? 2 * table->capacity : 64;
		struct top_row *rows = realloc(table->rows, capacity * sizeof *rows);
		if (rows == NULL)
			return RELEVO_NO_MEMORY;
		table->rows = rows;
		table->capacity = capacity;
	}
	char *name = strdup(info->name);
	if (name == NULL)
		return RELEVO_NO_MEMORY;
	struct top_row *row = &table->rows[table->count++];
	*row = (struct top_row){ .info = *info };
	row->info.name = name;
	table->getters += info->getters;
	table->putters += info->putters;
	table->held += is_held(info->kind) ? info->leased : 0;
	return RELEVO_OK;
}

/* A second; what was made anew under the same name counts from 0. */
static double rate(uint64_t before, uint64_t after, int64_t msec)
{
	uint64_t more = after >= before ? after - before : after;
	return msec > 0 ? (double)more * 1000 / (double)msec : 0;
}

/* Both tables are in the order of their names. */
static void top_table_compare(const struct top_table *before, struct top_table *table)
{
	int64_t msec = table->taken - before->taken;
	size_t old = 0;
	for (size_t i = 0; i < table->count; i++) {
		struct top_row *row = &table->rows[i];
		int order = -1;
		while (old < before->count &&
		       (order = strcmp(before->rows[old].info.name, row->info.name)) < 0)
			old++;
		if (old == before->count || order != 0)
			continue;
		const struct relevo_queue_info *last = &before->rows[old].info;
		row->put_rate = rate(last->put, row->info.put, msec);
		row->acknowledged_rate = rate(last->acknowledged, row->info.acknowledged, msec);
		table->put_rate += row->put_rate;
		table->acknowledged_rate += row->acknowledged_rate;
	}
}

void top_empty(struct top_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free((char *)table->rows[i].info.name);
	free(table->rows);
	*table = (struct top_table){ 0 };
}

int top_take(relevo_session *session, const struct top_table *before, struct top_table *table)
{
	top_empty(table);
	int status = relevo_queue_list(session, NULL, add_row, table);
	table->taken = now();
	if (status == RELEVO_OK)
		top_table_compare(before, table);
	return status;
}
