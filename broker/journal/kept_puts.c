/* How far clients have come with what they put into a queue. */
#include "journal/kept.h"

#include <stdlib.h>
#include <string.h>

static struct kept_client *client_find(const struct kept_queue *queue, const uint8_t *client)
{
	struct map_node *node = map_find(&queue->clients, client, CLIENT_SIZE);
	return node != NULL ? container_of(node, struct kept_client, node) : NULL;
}

static struct kept_client *client_new(struct kept_queue *queue, const uint8_t *id)
{
	struct kept_client *client = calloc(1, sizeof *client);
	if (client == NULL)
		return NULL;
	memcpy(client->client, id, CLIENT_SIZE);
	if (!map_insert(&queue->clients, &client->node, client->client, CLIENT_SIZE)) {
		free(client);
		return NULL;
	}
	return client;
}

static void settle(struct kept_client *client, uint64_t settled)
{
	if (settled > client->settled)
		client->settled = settled;
	while (client->first < client->end && client->puts[client->first].number < client->settled)
		client->first++;
	if (client->first == client->end)
		client->first = client->end = 0;
}

static bool make_room(struct kept_client *client)
{
	uint32_t count = client->end - client->first;
	if (client->end < client->capacity)
		return true;
	/* What has left in front is room, too. */
	if (client->first > count) {
		memmove(client->puts, client->puts + client->first, count * sizeof *client->puts);
		client->first = 0;
		client->end = count;
		return true;
	}
	uint32_t capacity = client->capacity > 0 ? client->capacity * 2 : 4;
	struct kept_put *puts = realloc(client->puts, capacity * sizeof *puts);
	if (puts == NULL)
		return false;
	client->puts = puts;
	client->capacity = capacity;
	return true;
}

/* Puts of one client enter one queue in their order, but for those that wait long. */
static struct kept_put *put_find(const struct kept_client *client, uint64_t number)
{
	for (uint32_t i = client->end; i > client->first; i--) {
		struct kept_put *put = &client->puts[i - 1];
		if (put->number == number)
			return put;
		if (put->number < number)
			break;
	}
	return NULL;
}

bool kept_put_set(struct kept_queue *queue, const struct put_record *record)
{
	struct kept_client *client = client_find(queue, record->client);
	if (client == NULL)
		client = client_new(queue, record->client);
	if (client == NULL)
		return false;
	if (record->seen > client->seen)
		client->seen = record->seen;
	settle(client, record->settled);
	struct kept_put *put = put_find(client, record->put);
	if (put != NULL) {
		if (record->accepted > put->accepted)
			put->accepted = record->accepted;
		return true;
	}
	if (record->put < client->settled)
		return true;
	if (!make_room(client))
		return false;
	uint32_t at = client->end++;
	for (; at > client->first && client->puts[at - 1].number > record->put; at--)
		client->puts[at] = client->puts[at - 1];
	client->puts[at] = (struct kept_put){ record->put, record->accepted };
	return true;
}

void kept_client_forget(struct kept_queue *queue, struct kept_client *client)
{
	map_remove(&queue->clients, &client->node);
	free(client->puts);
	free(client);
}
