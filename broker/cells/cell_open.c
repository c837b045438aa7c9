/* How sessions come to cells, and leave them. */
#include "base/name.h"
#include "cells/cell_end.h"
#include "cells/cell_handle.h"
#include "cells/cell_record.h"
#include "core/client.h"
#include "core/durable.h"
#include "core/peer.h"
#include "core/record.h"
#include "core/run.h"
#include "core/work.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *cell_open_noun(const struct cell_open_request *request)
{
	return request->options.purpose[0] != '\0' ? request->options.purpose : "cell";
}

/* The request as cell_new() wants it: numbers have their width. */
static int check_request(const struct cell_open_request *request, struct cell_options *options,
			 struct error *error)
{
	*options = request->options;
	if (options->purpose[0] != '\0' &&
	    name_check(options->purpose, "purpose of a cell", error) != RELEVO_OK)
		return error->status = RELEVO_BAD_ARGUMENT;
	if (strlen(options->purpose) > CELL_MAX_PURPOSE)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the purpose of a cell has more than %d bytes", CELL_MAX_PURPOSE);
	if (options->type != ELEMENT_BYTES)
		options->width = element_width(options->type);
	if (options->width == 0)
		return error_set(error, RELEVO_BAD_ARGUMENT, "a cell without a byte in it");
	size_t size = (size_t)options->width * options->count;
	if (request->initial_size != 0 && request->initial_size != size)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "a cell of %zu bytes cannot start with %zu", size,
				 request->initial_size);
	return RELEVO_OK;
}

static int cell_open_mismatch(const struct cell *cell, const char *option, uint32_t has,
			      uint32_t asked, struct error *error)
{
	return error_set(error, RELEVO_OPTION_MISMATCH,
			 "the %s \"%s\" has the %s %" PRIu32 ", not %" PRIu32, cell_noun(cell),
			 cell->name, option, has, asked);
}

static int compare_options(const struct cell *cell, const struct cell_options *asked,
			   struct error *error)
{
	static const char *const lifetimes[] = { "kept", "handles", "session" };
	const struct cell_options *has = &cell->options;
	if (has->type != asked->type)
		return error_set(error, RELEVO_OPTION_MISMATCH,
				 "the %s \"%s\" has the type %s, not %s", cell_noun(cell),
				 cell->name, element_name(has->type), element_name(asked->type));
	if (has->width != asked->width)
		return cell_open_mismatch(cell, "width", has->width, asked->width, error);
	if (has->count != asked->count)
		return cell_open_mismatch(cell, "number of elements", has->count, asked->count,
					  error);
	if (has->lifetime != asked->lifetime)
		return error_set(error, RELEVO_OPTION_MISMATCH,
				 "the %s \"%s\" has the lifetime %s, not %s", cell_noun(cell),
				 cell->name, lifetimes[has->lifetime], lifetimes[asked->lifetime]);
	if (has->durable != asked->durable)
		return error_set(error, RELEVO_OPTION_MISMATCH,
				 "the %s \"%s\" has the option durable %s, not %s", cell_noun(cell),
				 cell->name, has->durable ? "yes" : "no",
				 asked->durable ? "yes" : "no");
	return RELEVO_OK;
}

/* Whoever does not say what it is for takes whatever it is. */
static int compare_purpose(const struct cell *cell, const char *purpose, struct error *error)
{
	if (purpose[0] == '\0' || strcmp(purpose, cell->purpose) == 0)
		return RELEVO_OK;
	return error_set(error, RELEVO_OPTION_MISMATCH, "\"%s\" is of the kind %s, not %s",
			 cell->name, cell_noun(cell), purpose);
}

static int cell_open_create_nameless(struct engine_peer *peer,
				     const struct cell_open_request *request, struct cell **cell,
				     struct error *error)
{
	char name[24];
	do
		snprintf(name, sizeof name, "~%016" PRIx64, engine_random(peer->engine));
	while (cell_find(peer->engine, name) != NULL);
	return cell_new(peer, name, request, cell, error);
}

static int cell_open_create(struct engine_peer *peer, const struct cell_open_request *request,
			    struct cell **cell, struct error *error)
{
	struct cell_open_request whole = *request;
	int status = check_request(request, &whole.options, error);
	if (status == RELEVO_OK)
		status = durable_check(peer->engine, cell_open_noun(request), request->name,
				       request->options.durable, error);
	if (status != RELEVO_OK)
		return status;
	if (request->name[0] == '\0')
		status = cell_open_create_nameless(peer, &whole, cell, error);
	else
		status = cell_new(peer, request->name, &whole, cell, error);
	if (status != RELEVO_OK)
		return status;
	status = cell_record_created(*cell, peer_owner(peer, request->options.lifetime), error);
	if (status != RELEVO_OK)
		cell_forget(*cell);
	return status;
}

/* A cell that is there has to be what is asked for. */
static int cell_open_accept(const struct cell *cell, const struct cell_open_request *request,
			    struct error *error)
{
	struct cell_options options;
	if (request->mode == QUEUE_CREATE_NEW)
		return error_set(error, RELEVO_EXISTS, "there is a %s \"%s\" already",
				 cell_noun(cell), cell->name);
	int status = compare_purpose(cell, request->options.purpose, error);
	if (status != RELEVO_OK || request->mode == QUEUE_OPEN_EXISTING)
		return status;
	status = check_request(request, &options, error);
	return status == RELEVO_OK ? compare_options(cell, &options, error) : status;
}

/* Who may care for it, should the session be cut off, is there by then. */
static int cell_open_remember(struct engine_peer *peer, const struct cell_options *options,
			      struct error *error)
{
	struct client *client;
	if (!options->durable || options->lifetime == QUEUE_KEPT)
		return RELEVO_OK;
	return client_of(peer, &client, error);
}

static int cell_open_find_or_create(struct engine_peer *peer,
				    const struct cell_open_request *request, struct cell **cell,
				    struct error *error)
{
	*cell = NULL;
	if (request->name[0] != '\0' || request->mode == QUEUE_OPEN_EXISTING) {
		int named = name_check(request->name, "cell", error);
		if (named != RELEVO_OK)
			return named;
		*cell = cell_find(peer->engine, request->name);
	}
	int status = cell_open_remember(peer, *cell != NULL ? &(*cell)->options : &request->options,
					error);
	if (status != RELEVO_OK)
		return status;
	if (*cell != NULL)
		return cell_open_accept(*cell, request, error);
	if (request->mode == QUEUE_OPEN_EXISTING)
		return error_set(error, RELEVO_NOT_FOUND, "there is no %s \"%s\"",
				 cell_open_noun(request), request->name);
	return cell_open_create(peer, request, cell, error);
}

int cell_open(struct engine_peer *peer, const struct cell_open_request *request,
	      struct cell_opened *opened, struct error *error)
{
	struct engine *engine = peer->engine;
	struct cell *cell;
	uint64_t last_identity = engine->last_identity;
	int status = handle_reserve(&peer->cells, peer->account, engine->config.peer_handles,
				    "cells", error);
	if (status == RELEVO_OK)
		status = cell_open_find_or_create(peer, request, &cell, error);
	if (status == RELEVO_OK && cell->options.durable)
		record_await(engine);
	if (status == RELEVO_OK)
		*opened = (struct cell_opened){
			.handle = cell_add_handle(peer, cell),
			.name = cell->name,
			.created = cell->identity > last_identity,
			.identity = cell->identity,
			.options = cell->options,
		};
	return status;
}

int cell_close(struct engine_peer *peer, uint32_t handle, struct error *error)
{
	struct engine *engine = peer->engine;
	struct cell *cell;
	int status = cell_find_handle(peer, handle, &cell, error);
	work_begin_call(engine);
	if (status == RELEVO_OK)
		cell_remove_handle(peer, handle);
	engine_run(engine);
	return status;
}

int cell_delete(struct engine *engine, const char *name, const char *purpose, struct error *error)
{
	int status = name_check(name, "cell", error);
	if (status != RELEVO_OK)
		return status;
	struct cell *cell = cell_find(engine, name);
	if (cell == NULL)
		return error_set(error, RELEVO_NOT_FOUND, "there is no %s \"%s\"",
				 purpose[0] != '\0' ? purpose : "cell", name);
	status = compare_purpose(cell, purpose, error);
	if (status != RELEVO_OK)
		return status;
	work_begin_call(engine);
	cell_end(cell);
	engine_run(engine);
	return RELEVO_OK;
}
