/* beanstalkd with a log that is written through for each item, by its protocol of text. */
#include "bench/die.h"
#include "bench/peers/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Commands that are sent before the answer to the first is waited for: many, but so few
 * that they and their answers fit into sockets. */
enum { AHEAD = 100, AHEAD_BYTES = 64 * 1024, LINE = 256 };

static char socket_path[FOLDER_PATH + 16];
static char address[FOLDER_PATH + 24];

struct client {
	FILE *in, *out;
	char queue[64];
};

static void start(struct service *service, const char *folder)
{
	static const char *words[] = {
		"/usr/bin/beanstalkd", "-l", address, "-b", NULL, "-f", "0", "-z", "1000000", NULL
	};
	snprintf(socket_path, sizeof socket_path, "%s/socket", folder);
	snprintf(address, sizeof address, "unix:%s", socket_path);
	words[4] = folder;
	service_start(service, folder, words);
	service_await_socket(service, socket_path);
}

/* ---- the protocol ----------------------------------------------------------- */

static void read_line(struct client *client, char line[LINE])
{
	if (fgets(line, LINE, client->in) == NULL)
		die("beanstalkd has hung up");
}

static void expect(struct client *client, const char *start)
{
	char line[LINE];
	read_line(client, line);
	if (strncmp(line, start, strlen(start)) != 0)
		die("beanstalkd answers %s", line);
}

static void flush(struct client *client)
{
	if (fflush(client->out) != 0)
		die_errno("beanstalkd");
}

static void send_put(struct client *client, size_t size)
{
	/* Priority, delay, and the time to run. */
	fprintf(client->out, "put 0 0 60 %zu\r\n", size);
	fwrite(peer_bytes(), 1, size, client->out);
	fputs("\r\n", client->out);
}

static unsigned long long read_reserved(struct client *client, size_t size)
{
	char line[LINE], bytes[PEER_MOST_BYTES + 2];
	unsigned long long id;
	size_t got;
	read_line(client, line);
	if (sscanf(line, "RESERVED %llu %zu", &id, &got) != 2)
		die("beanstalkd answers %s", line);
	if (got != size || fread(bytes, 1, size + 2, client->in) != size + 2)
		die("an item of %zu bytes came from beanstalkd as one of %zu", size, got);
	return id;
}

/* ---- the client ------------------------------------------------------------- */

static void *open_queue(const char *queue)
{
	struct client *client = calloc(1, sizeof *client);
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client == NULL)
		die("no memory for a client");
	snprintf(name.sun_path, sizeof name.sun_path, "%.*s", (int)sizeof name.sun_path - 1,
		 socket_path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) < 0)
		die_errno(socket_path);
	client->in = fdopen(fd, "r");
	client->out = fdopen(dup(fd), "w");
	if (client->in == NULL || client->out == NULL)
		die_errno("beanstalkd");
	snprintf(client->queue, sizeof client->queue, "%s", queue);
	fprintf(client->out, "use %s\r\nwatch %s\r\nignore default\r\n", queue, queue);
	flush(client);
	expect(client, "USING");
	expect(client, "WATCHING");
	expect(client, "WATCHING 1");
	return client;
}

static void close_queue(void *context)
{
	struct client *client = context;
	fclose(client->in);
	fclose(client->out);
	free(client);
}

static void put_many(void *context, size_t items, size_t size)
{
	struct client *client = context;
	size_t ahead = AHEAD_BYTES / size < AHEAD ? AHEAD_BYTES / size : AHEAD;
	for (size_t left = items; left > 0;) {
		size_t count = left < ahead ? left : ahead;
		for (size_t i = 0; i < count; i++)
			send_put(client, size);
		flush(client);
		for (size_t i = 0; i < count; i++)
			expect(client, "INSERTED");
		left -= count;
	}
}

static void put(void *context, size_t size)
{
	put_many(context, 1, size);
}

static void take_many(void *context, size_t items, size_t size)
{
	struct client *client = context;
	size_t ahead = AHEAD_BYTES / size < AHEAD ? AHEAD_BYTES / size : AHEAD;
	for (size_t left = items; left > 0;) {
		size_t count = left < ahead ? left : ahead;
		for (size_t i = 0; i < count; i++)
			fputs("reserve\r\n", client->out);
		flush(client);
		for (size_t i = 0; i < count; i++)
			fprintf(client->out, "delete %llu\r\n", read_reserved(client, size));
		flush(client);
		for (size_t i = 0; i < count; i++)
			expect(client, "DELETED");
		left -= count;
	}
}

static size_t count_items(void *context)
{
	struct client *client = context;
	char line[LINE];
	size_t all = 0, some;
	fprintf(client->out, "stats-tube %s\r\n", client->queue);
	flush(client);
	expect(client, "OK");
	/* An empty line ends the answer. */
	do {
		read_line(client, line);
		if (sscanf(line, "current-jobs-ready: %zu", &some) == 1 ||
		    sscanf(line, "current-jobs-reserved: %zu", &some) == 1)
			all += some;
	} while (strcmp(line, "\r\n") != 0);
	return all;
}

/* There is no command for that. What it knows of them is in memory: they are few. */
static void remove_queue(void *context)
{
	(void)context;
}

const struct peer beanstalkd_peer = {
	.name = "beanstalkd",
	.suffix = "beanstalkd",
	.promise = "answers after fsync, one for each item (-f 0)",
	.share = 1000,
	.start = start,
	.open = open_queue,
	.close = close_queue,
	.remove = remove_queue,
	.put = put,
	.put_many = put_many,
	.take_many = take_many,
	.count = count_items,
};
