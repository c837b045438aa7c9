#ifndef TRANSPORT_ENDS_H
#define TRANSPORT_ENDS_H

#include "transport/channel.h"

/*
 * Two ends of a connection, for tests of channels. Everything here waits for
 * events, and fails the test when one does not come within PATIENCE_MSEC.
 */
enum { PATIENCE_MSEC = 10000 };

/* A path or URL in the test's own temporary folder. Static. */
const char *path_of(const char *name);
const char *url_of(const char *name);

nsec_t soon(void);

/* Without failing: what listener_open() or channel_connect() says. */
int try_listen(const char *url, struct listener **listener, struct error *error);
int try_connect(const char *url, struct channel **channel, struct error *error);

/* The same where it has to fail: the status, which `error` names as well. */
int listen_status(const char *url, struct error *error);
int connect_status(const char *url, struct error *error);

struct listener *listen_at(const char *url);
struct channel *connect_to(const char *url);
struct channel *accept_from(struct listener *listener);

struct ends {
	struct listener *listener;
	struct channel *client;
	struct channel *server;
};

void ends_open(struct ends *ends, const char *url);
void ends_close(struct ends *ends);

/* poll(2) as the channel asks for; whether it became ready in time. */
bool is_ready(struct channel *channel, bool want_send, int timeout);

void send_all(struct channel *channel, const void *bytes, size_t size);
void receive_all(struct channel *channel, void *bytes, size_t size);

/* Wait until receiving says something else than TRY_AGAIN or OK. */
int receive_end(struct channel *channel);

/* Send until the channel does not take any more; how many bytes that was. */
size_t fill(struct channel *channel);

/* A message to the other end and one back. */
void exchange(struct channel *one, struct channel *other);

/* Eight megabytes in both directions at once, in odd pieces, one side reading
 * slowly. */
void exchange_much(struct channel *fast, struct channel *slow);

/* The same while other threads send on the channel than receive on it. */
void exchange_in_threads(struct channel *one, struct channel *other);

/* Wait for a child: whether it exited with status 0. */
bool has_succeeded(pid_t child);

/* A user without rights. */
enum { NOBODY = 65534 };

/* How many descriptors are open. */
int count_descriptors(void);

/* No descriptors for this process from now on, until spare_descriptors(). */
void exhaust_descriptors(void);
void spare_descriptors(void);

#endif
