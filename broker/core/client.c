/* Clients that come back over another connection: as long as they are remembered. */
#include "core/client.h"

#include "base/mutant.h"
#include "core/charge.h"
#include "core/work.h"

#include <stdlib.h>
#include <string.h>

/* With its places in the tables. */
enum { CLIENT_COST = sizeof(struct client) + CHARGE_OVERHEAD + 4 * sizeof(void *) };

static struct client *client_find(const struct engine *engine, const uint8_t *id)
{
	struct map_node *node = map_find(&engine->clients, id, CLIENT_ID_SIZE);
	return node != NULL ? container_of(node, struct client, node) : NULL;
}

static bool client_cares(const struct client *client)
{
	return !list_empty(&client->owned) || !list_empty(&client->owned_cells);
}

static bool client_is_left(const struct client *client)
{
	return client->peers > 0 || !list_empty(&client->memories) || client_cares(client);
}

static void client_free(struct client *client)
{
	heap_remove(&client->engine->client_timers, &client->timer);
	map_remove(&client->engine->clients, &client->node);
	account_release(client->account, CLIENT_COST);
	account_drop(client->account);
	free(client);
}

/* Whatever becomes of it, there is a place for its timer. */
static bool client_enter(struct client *client)
{
	struct engine *engine = client->engine;
	size_t idle = engine->clients.count + 1 - engine->client_timers.count;
	return idle <= UINT32_MAX && heap_reserve(&engine->client_timers, (uint32_t)idle) &&
	       map_insert(&engine->clients, &client->node, client->id, CLIENT_ID_SIZE);
}

/* Paid for already. */
static struct client *client_new(struct engine *engine, struct account *account, const uint8_t *id)
{
	struct client *client = calloc(1, sizeof *client);
	if (client == NULL)
		return NULL;
	memcpy(client->id, id, CLIENT_ID_SIZE);
	client->engine = engine;
	client->account = account;
	list_init(&client->memories);
	list_init(&client->owned);
	list_init(&client->owned_cells);
	if (!client_enter(client)) {
		free(client);
		return NULL;
	}
	account_hold(account);
	return client;
}

static void client_join(struct client *client, struct engine_peer *peer)
{
	heap_remove(&client->engine->client_timers, &client->timer);
	client->peers++;
	if (!peer->gone)
		client->last = peer;
	peer->client = client;
	/* It owns again what waited for it. */
	list_move_all(&client->owned, &peer->owned);
	list_move_all(&client->owned_cells, &peer->owned_cells);
}

/* Nobody of it is there. */
static void client_set_timer(struct client *client)
{
	struct engine *engine = client->engine;
	nsec_t time = client_cares(client) ? CLIENT_CARE : CLIENT_MEMORY;
	heap_remove(&engine->client_timers, &client->timer);
	heap_push_reserved(&engine->client_timers, &client->timer, clock_after(client->left, time));
}

int client_of(struct engine_peer *peer, struct client **client, struct error *error)
{
	*client = peer->client;
	if (peer->client != NULL || !peer->identified)
		return RELEVO_OK;
	int status = charge(peer->account, CLIENT_COST, "a client that may come back", error);
	if (status != RELEVO_OK)
		return status;
	*client = client_new(peer->engine, peer->account, peer->client_id);
	if (*client == NULL) {
		account_release(peer->account, CLIENT_COST);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a client");
	}
	client_join(*client, peer);
	return RELEVO_OK;
}

struct client *client_restored(struct engine *engine, struct account *account, const uint8_t *id)
{
	struct client *client = client_find(engine, id);
	if (client != NULL)
		return client->account == account ? client : NULL;
	/* What was there before may be there again, whatever the user's share is now. */
	if (!account_charge_buffer(account, CLIENT_COST))
		return NULL;
	client = client_new(engine, account, id);
	if (client == NULL) {
		account_release(account, CLIENT_COST);
		return NULL;
	}
	client->left = engine->now;
	client_set_timer(client);
	return client;
}

struct client *client_owner_restored(struct engine *engine, struct account *account,
				     const uint8_t *id, uint64_t key)
{
	uint8_t nobody[CLIENT_ID_SIZE] = { 0 };
	struct client *client = id != NULL ? client_restored(engine, account, id) : NULL;
	memcpy(nobody, &key, sizeof key);
	if (client == NULL)
		client = client_restored(engine, account, nobody);
	return client;
}

void client_care_restored(struct client *client, struct list *owned, struct list *in_owner)
{
	list_append(owned, in_owner);
	client_set_timer(client);
}

void client_identify(struct engine_peer *peer, const uint8_t id[CLIENT_ID_SIZE])
{
	struct client *client = client_find(peer->engine, id);
	if (client != NULL && client->account != peer->account)
		return;
	memcpy(peer->client_id, id, CLIENT_ID_SIZE);
	peer->identified = true;
	if (client != NULL)
		client_join(client, peer);
}

static void forget_one(struct client *client)
{
	struct client_memory *memory =
		container_of(list_first(&client->memories), struct client_memory, link);
	memory->forget(memory);
}

/* False: some of it is left. The client stays, since it has a session. */
static bool client_forget(struct client *client)
{
	while (!list_empty(&client->memories)) {
		if (work_over(client->engine))
			return false;
		work_spend(client->engine, 1);
		forget_one(client);
	}
	return true;
}

void client_going(struct engine_peer *peer)
{
	if (peer->client != NULL && peer->client->last == peer)
		peer->client->last = NULL;
}

struct client *client_heir(struct engine_peer *peer)
{
	struct client *client;
	struct error ignored;
	if (!peer->gone || peer->orderly || MUTANT(nothing_waits_for_its_client))
		return NULL;
	return client_of(peer, &client, &ignored) == RELEVO_OK ? client : NULL;
}

struct list *client_queues(struct client *client)
{
	return client->last != NULL ? &client->last->owned : &client->owned;
}

struct list *client_cells(struct client *client)
{
	return client->last != NULL ? &client->last->owned_cells : &client->owned_cells;
}

bool client_leave(struct engine_peer *peer)
{
	struct client *client = peer->client;
	struct engine *engine = peer->engine;
	if (client == NULL)
		return true;
	/* One that ends in order has heard of all that it put. */
	bool over = peer->orderly || MUTANT(clients_forgotten_at_once);
	if (over && client->peers == 1 && !client_forget(client))
		return false;
	peer->client = NULL;
	client->peers--;
	if (!client_is_left(client)) {
		client_free(client);
		return true;
	}
	if (client->peers > 0)
		return true;
	client->left = engine->now;
	client_set_timer(client);
	return true;
}

void client_let_go(struct client *client)
{
	if (!client_is_left(client))
		client_free(client);
}

void client_forget_some(struct client *client)
{
	if (list_empty(&client->memories))
		client_free(client);
	else if (client->engine->now < clock_after(client->left, CLIENT_MEMORY))
		client_set_timer(client);
	else
		forget_one(client);
}

void clients_end(struct engine *engine)
{
	struct map_node *node, *next = map_next(&engine->clients, NULL);
	while ((node = next) != NULL) {
		next = map_next(&engine->clients, node);
		client_let_go(container_of(node, struct client, node));
	}
}
