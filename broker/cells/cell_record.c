/* What the recorder is told of cells: see cell_record.h. */
#include "cells/cell_record.h"

#include "core/record.h"

static struct cell_note note_of(const struct cell *cell, uint32_t first, uint32_t count)
{
	size_t width = cell->options.width;
	return (struct cell_note){
		.key = cell->identity,
		.version = cell->version,
		.uid = cell->account->uid,
		.name = cell->name,
		.options = &cell->options,
		.bytes = cell->bytes + first * width,
		.offset = first * width,
		.size = count * width,
	};
}

int cell_record_check(const struct cell *cell, struct error *error)
{
	return cell->options.durable ? record_trouble(cell->engine, error) : RELEVO_OK;
}

int cell_record_created(struct cell *cell, const uint8_t *owner, struct error *error)
{
	if (!cell->options.durable)
		return RELEVO_OK;
	struct cell_note note = note_of(cell, 0, cell->options.count);
	note.owner = owner;
	int status = record_trouble(cell->engine, error);
	if (status != RELEVO_OK)
		return status;
	struct recorder *recorder = record_change(cell->engine);
	status = recorder->operations->cell_created(recorder, &note);
	if (status != RELEVO_OK)
		error_set(error, status, "the %s \"%s\" could not be recorded", cell_noun(cell),
			  cell->name);
	return status;
}

void cell_record_changed(struct cell *cell, uint32_t first, uint32_t count)
{
	if (!cell->options.durable || cell->deleted)
		return;
	const struct cell_note note = note_of(cell, first, count);
	struct recorder *recorder = record_change(cell->engine);
	recorder->operations->cell_changed(recorder, &note);
}

void cell_record_deleted(struct cell *cell)
{
	if (!cell->options.durable || cell->deleted)
		return;
	struct recorder *recorder = record_change(cell->engine);
	recorder->operations->cell_deleted(recorder, cell->identity);
}
