/* Pipes over a TCP connection of their own, without a broker. */
#include "pipe/pipe_tcp.h"

#include "base/buffer.h"
#include "base/list.h"
#include "base/mutant.h"
#include "os/go_on.h"
#include "pipe/last_words.h"
#include "pipe/pipe_parts.h"
#include "wire/greeting.h"

#include <pthread.h>
#include <relevo/pipe.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A message is parts, `PART | u24 size | bytes`, and then one byte, which can never have
 * been sent by half: END, or DROPPED if its sender gave up on the way.
 */
enum mark { MARK_PART = 'P', MARK_END = 'E', MARK_DROPPED = 'D' };
enum { HEAD_SIZE = 4 };

/* Bytes that are received at once. */
enum { CHUNK = 64 * 1024 };

/* How long closing waits until the kernel has what was sent. */
#define LAST_WORDS (5 * NSEC_PER_SEC)

struct pipe_tcp {
	struct pipe_remote base;
	struct channel *channel;
	struct last_words last_words;
	pid_t process;
	struct greeting greeting;
	struct channel_peer peer;

	pthread_mutex_t lock; /* of the next three */
	pthread_cond_t changed;
	bool sending, receiving; /* a thread is in the midst of a message */
	bool stuck;              /* the one that sends waits for room */

	struct buffer out; /* a part that has been begun and must not stay a half */
	struct buffer in;  /* what has come and is not a whole part */
	bool inside;       /* a message whose end has not come */
	struct pipe_parts parts;
	int ended; /* why no more will come: END_OF_STREAM, DISCONNECTED ... */
};

static struct pipe_tcp *tcp_of(struct pipe_remote *remote)
{
	return container_of(remote, struct pipe_tcp, base);
}

/* ---- threads ------------------------------------------------------------- */

/* Having something to receive is what wakes who polls: not one who waits for room to send,
 * while nobody is there to receive. With the lock. */
static void set_pause(struct pipe_tcp *tcp)
{
	if (!MUTANT(stuck_sender_spins))
		channel_pause(tcp->channel, tcp->stuck && !tcp->receiving);
}

static bool pipe_tcp_wait_change(struct pipe_tcp *tcp, nsec_t deadline)
{
	if (deadline == NSEC_NEVER)
		return pthread_cond_wait(&tcp->changed, &tcp->lock) == 0;
	const struct timespec until = clock_timespec(deadline);
	return pthread_cond_clockwait(&tcp->changed, &tcp->lock, CLOCK_MONOTONIC, &until) == 0;
}

/* One thread at a time sends, and one receives. */
static int pipe_tcp_enter(struct pipe_tcp *tcp, bool *busy, nsec_t deadline, struct error *error)
{
	if (tcp->process != getpid())
		return error_set(error, RELEVO_FORKED,
				 "this end of a pipe over tcp is the parent's alone");
	pthread_mutex_lock(&tcp->lock);
	bool in_time = true;
	while (*busy && in_time)
		in_time = deadline != 0 && pipe_tcp_wait_change(tcp, deadline);
	if (in_time)
		*busy = true;
	set_pause(tcp);
	pthread_mutex_unlock(&tcp->lock);
	if (in_time)
		return RELEVO_OK;
	return error_set(error, RELEVO_TIMED_OUT, "another thread is in a call with this end");
}

static void pipe_tcp_leave(struct pipe_tcp *tcp, bool *busy)
{
	pthread_mutex_lock(&tcp->lock);
	*busy = false;
	set_pause(tcp);
	pthread_cond_broadcast(&tcp->changed);
	pthread_mutex_unlock(&tcp->lock);
}

static void set_stuck(struct pipe_tcp *tcp, bool stuck)
{
	pthread_mutex_lock(&tcp->lock);
	tcp->stuck = stuck;
	set_pause(tcp);
	pthread_mutex_unlock(&tcp->lock);
}

/* Until the channel has something to say. */
static int pipe_tcp_wait_for(struct pipe_tcp *tcp, nsec_t deadline, const char *what,
			     struct error *error)
{
	if (deadline == 0)
		return error_set(error, RELEVO_TIMED_OUT, "the pipe is %s", what);
	int status = go_on_wait(channel_fd(tcp->channel), POLLIN, deadline);
	if (status == RELEVO_TIMED_OUT)
		return error_set(error, status, "the pipe stayed %s", what);
	return go_on_tell(status, error);
}

/* ---- greeting ------------------------------------------------------------ */

static int pipe_tcp_greet_here(struct pipe_tcp *tcp, nsec_t deadline, struct error *error)
{
	for (;;) {
		int status = greeting_go_on(&tcp->greeting, tcp->channel, error);
		if (status != TRY_AGAIN)
			return status;
		status = pipe_tcp_wait_for(tcp, deadline,
					   "silent: the other side has said nothing yet", error);
		if (status != RELEVO_OK)
			return status;
	}
}

int pipe_tcp_greet(struct pipe_remote *remote, nsec_t deadline, struct error *error)
{
	return pipe_tcp_greet_here(tcp_of(remote), deadline, error);
}

int pipe_tcp_fd(const struct pipe_remote *remote)
{
	return channel_fd(container_of(remote, struct pipe_tcp, base)->channel);
}

/* ---- sending ------------------------------------------------------------- */

static int pipe_tcp_send_failure(int status, struct error *error)
{
	if (status == RELEVO_FORKED)
		return error_set(error, status,
				 "this end of a pipe over tcp is the parent's alone");
	return error_set(error, RELEVO_END_OF_STREAM, "the other end is closed");
}

/* There has to be room. If there is none in time, nobody waits for it any more. */
static int pipe_tcp_wait_for_room(struct pipe_tcp *tcp, nsec_t deadline, struct error *error)
{
	size_t none;
	set_stuck(tcp, true);
	int status = pipe_tcp_wait_for(tcp, deadline, "full", error);
	set_stuck(tcp, false);
	if (status != RELEVO_OK)
		channel_send(tcp->channel, NULL, 0, &none);
	return status;
}

/* Send what is left of a part. */
static int push(struct pipe_tcp *tcp, nsec_t deadline, struct error *error)
{
	while (buffer_size(&tcp->out) > 0) {
		const struct iovec piece = { buffer_data(&tcp->out), buffer_size(&tcp->out) };
		size_t sent = 0;
		int status = channel_send(tcp->channel, &piece, 1, &sent);
		if (status == RELEVO_OK)
			buffer_consume(&tcp->out, sent);
		else if (status == TRY_AGAIN)
			status = pipe_tcp_wait_for_room(tcp, deadline, error);
		else
			status = pipe_tcp_send_failure(status, error);
		if (status != RELEVO_OK)
			return status;
	}
	return RELEVO_OK;
}

/* Within a message there is always room: its first part was the largest. */
static bool pipe_tcp_append(struct buffer *out, const struct pipe_part *part)
{
	const uint8_t head[HEAD_SIZE] = { MARK_PART, (uint8_t)(part->size >> 16),
					  (uint8_t)(part->size >> 8), (uint8_t)part->size };
	const uint8_t end = MARK_END;
	/* And room for what give_up() adds. */
	if (buffer_reserve(out, HEAD_SIZE + part->size + 1) == NULL)
		return false;
	if (part->size > 0)
		buffer_append(out, head, HEAD_SIZE);
	if (part->size > 0)
		buffer_append(out, part->data, part->size);
	if ((part->flags & PART_LAST) != 0)
		buffer_append(out, &end, 1);
	return true;
}

/* Nothing of the message counts, however much of it has gone out. What is left of the part
 * has to follow some time, and then the other side is told. */
static void pipe_tcp_give_up(struct pipe_tcp *tcp, const struct pipe_part *part)
{
	const uint8_t dropped = MARK_DROPPED;
	struct buffer *out = &tcp->out;
	if (MUTANT(given_up_is_sent))
		return;
	if ((part->flags & PART_LAST) != 0)
		buffer_truncate(out, buffer_size(out) - 1);
	buffer_append(out, &dropped, 1);
}

static int pipe_tcp_send_part(struct pipe_tcp *tcp, const struct pipe_part *part, nsec_t deadline,
			      struct error *error)
{
	if (!pipe_tcp_append(&tcp->out, part))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a message");
	size_t whole = buffer_size(&tcp->out);
	int status = push(tcp, deadline, error);
	if (status != RELEVO_OK && (part->flags & PART_FIRST) != 0 &&
	    buffer_size(&tcp->out) == whole)
		buffer_truncate(&tcp->out, 0);
	else if (status != RELEVO_OK)
		pipe_tcp_give_up(tcp, part);
	return status;
}

static int pipe_tcp_send_parts(struct pipe_tcp *tcp, const struct pipe_sending *sending,
			       nsec_t deadline, struct error *error)
{
	size_t done = 0;
	if (greeting_say(&tcp->greeting, tcp->channel, NULL) != RELEVO_OK)
		return pipe_tcp_send_failure(RELEVO_DISCONNECTED, error);
	/* What a call that gave up has left goes first. */
	int status = push(tcp, deadline, error);
	if (status != RELEVO_OK)
		return status;
	do {
		const struct pipe_part part = pipe_parts_next(sending, done, PART_MAX);
		status = pipe_tcp_send_part(tcp, &part, deadline, error);
		done += part.size;
	} while (status == RELEVO_OK && done < sending->size);
	return status;
}

static int tcp_send(struct pipe_remote *remote, const struct pipe_sending *sending, nsec_t deadline,
		    struct error *error)
{
	struct pipe_tcp *tcp = tcp_of(remote);
	if (sending->fd_count > 0)
		return error_set(error, RELEVO_CANNOT_ENCODE, "no descriptor can be sent over tcp");
	int status = pipe_tcp_enter(tcp, &tcp->sending, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = pipe_tcp_send_parts(tcp, sending, deadline, error);
	buffer_shrink(&tcp->out, 0);
	pipe_tcp_leave(tcp, &tcp->sending);
	return status;
}

/* ---- receiving ----------------------------------------------------------- */

static int pipe_tcp_add(struct pipe_tcp *tcp, unsigned flags, const uint8_t *data, size_t size,
			struct error *error)
{
	unsigned first = tcp->inside ? 0u : PART_FIRST;
	int status = pipe_parts_add(&tcp->parts, flags | first, data, size, error);
	/* Without memory it will be tried again. */
	if (status == RELEVO_OK)
		tcp->inside = (flags & PART_LAST) == 0;
	return status;
}

static int take_part(struct pipe_tcp *tcp, struct error *error)
{
	const uint8_t *bytes = buffer_data(&tcp->in);
	if (buffer_size(&tcp->in) < HEAD_SIZE)
		return TRY_AGAIN;
	size_t size = (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
	if (size > PART_MAX)
		return error_set(error, RELEVO_BAD_FRAME,
				 "the other end sends a part of %zu bytes: %d are the most", size,
				 PART_MAX);
	if (buffer_size(&tcp->in) < HEAD_SIZE + size)
		return TRY_AGAIN;
	int status = pipe_tcp_add(tcp, 0, bytes + HEAD_SIZE, size, error);
	if (status == RELEVO_OK)
		buffer_consume(&tcp->in, HEAD_SIZE + size);
	return status;
}

static int take_mark(struct pipe_tcp *tcp, struct error *error)
{
	if (buffer_size(&tcp->in) == 0)
		return TRY_AGAIN;
	uint8_t mark = *buffer_data(&tcp->in);
	int status = RELEVO_OK;
	switch (mark) {
	case MARK_PART:
		return take_part(tcp, error);
	case MARK_END:
		status = pipe_tcp_add(tcp, PART_LAST, &mark, 0, error);
		break;
	case MARK_DROPPED:
		tcp->inside = false;
		break;
	default:
		status = error_set(error, RELEVO_BAD_FRAME,
				   "the other end sends what is no message");
	}
	if (status == RELEVO_OK)
		buffer_consume(&tcp->in, 1);
	return status;
}

/* From what has come, until a message is complete. TRY_AGAIN: it takes more. */
static int assemble(struct pipe_tcp *tcp, struct error *error)
{
	int status = RELEVO_OK;
	while (status == RELEVO_OK && !tcp->parts.complete)
		status = take_mark(tcp, error);
	return status;
}

static int pipe_tcp_read_more(struct pipe_tcp *tcp, struct error *error)
{
	uint8_t *room = buffer_reserve(&tcp->in, CHUNK);
	size_t got = 0;
	if (room == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a message");
	int status = channel_receive(tcp->channel, room, CHUNK, &got);
	buffer_commit(&tcp->in, got);
	return status;
}

static bool pipe_tcp_is_final(int status)
{
	return status != RELEVO_OK && status != RELEVO_TIMED_OUT && status != RELEVO_NO_MEMORY &&
	       status != RELEVO_INTERRUPTED && status != RELEVO_NO_DESCRIPTORS;
}

/* A message is complete, or why not. */
static int pipe_tcp_get_message(struct pipe_tcp *tcp, nsec_t deadline, struct error *error)
{
	int status = pipe_tcp_greet_here(tcp, deadline, error);
	while (status == RELEVO_OK) {
		status = assemble(tcp, error);
		if (status != TRY_AGAIN)
			break;
		status = pipe_tcp_read_more(tcp, error);
		if (status == TRY_AGAIN)
			status = pipe_tcp_wait_for(tcp, deadline, "empty", error);
	}
	if (pipe_tcp_is_final(status))
		tcp->ended = status;
	return status;
}

static int say_ended(const struct pipe_tcp *tcp, struct error *error)
{
	if (tcp->ended == RELEVO_END_OF_STREAM)
		return error_set(error, tcp->ended, "the other end is closed");
	if (tcp->ended == RELEVO_DISCONNECTED)
		return error_set(error, tcp->ended, "the connection to the other end is lost");
	return error_set(error, tcp->ended, "the pipe is of no use any more");
}

/* The thread is the one that receives. */
static int next_message(struct pipe_tcp *tcp, nsec_t deadline, struct error *error)
{
	if (tcp->parts.complete)
		return RELEVO_OK;
	if (tcp->ended != RELEVO_OK)
		return say_ended(tcp, error);
	int status = pipe_tcp_get_message(tcp, deadline, error);
	if (status == RELEVO_END_OF_STREAM || status == RELEVO_DISCONNECTED)
		return say_ended(tcp, error);
	return status;
}

static int tcp_receive(struct pipe_remote *remote, struct pipe_message *message, nsec_t deadline,
		       struct error *error)
{
	struct pipe_tcp *tcp = tcp_of(remote);
	int status = pipe_tcp_enter(tcp, &tcp->receiving, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = next_message(tcp, deadline, error);
	if (status == RELEVO_OK)
		status = pipe_parts_take(&tcp->parts, message, error);
	buffer_shrink(&tcp->in, CHUNK);
	pipe_tcp_leave(tcp, &tcp->receiving);
	return status;
}

static int tcp_poll(struct pipe_remote *remote, nsec_t deadline, struct error *error)
{
	struct pipe_tcp *tcp = tcp_of(remote);
	int status = pipe_tcp_enter(tcp, &tcp->receiving, deadline, error);
	if (status != RELEVO_OK)
		return status;
	status = next_message(tcp, deadline, error);
	pipe_tcp_leave(tcp, &tcp->receiving);
	return status == RELEVO_END_OF_STREAM ? RELEVO_OK : status;
}

/* ---- waiting for several ------------------------------------------------- */

static int tcp_ask(struct pipe_remote *remote, struct pollfd *entries, struct error *error)
{
	struct pipe_tcp *tcp = tcp_of(remote);
	int status = pipe_tcp_enter(tcp, &tcp->receiving, 0, error);
	if (status != RELEVO_OK)
		return status;
	entries[0] = (struct pollfd){ .fd = channel_fd(tcp->channel), .events = POLLIN };
	entries[1] = (struct pollfd){ .fd = -1 };
	return RELEVO_OK;
}

static bool tcp_look(struct pipe_remote *remote)
{
	struct error ignored = { 0 };
	return next_message(tcp_of(remote), 0, &ignored) != RELEVO_TIMED_OUT;
}

static bool tcp_withdraw(struct pipe_remote *remote)
{
	struct pipe_tcp *tcp = tcp_of(remote);
	bool found = tcp->parts.complete || tcp->ended != RELEVO_OK;
	pipe_tcp_leave(tcp, &tcp->receiving);
	return found;
}

/* ---- beginning and end --------------------------------------------------- */

static void tcp_free(struct pipe_remote *remote)
{
	struct pipe_tcp *tcp = tcp_of(remote);
	last_words_forget(&tcp->last_words);
	if (tcp->process == getpid()) {
		channel_drain(tcp->channel, clock_now() + LAST_WORDS);
		channel_close(tcp->channel);
	} else {
		channel_abandon(tcp->channel);
	}
	buffer_fini(&tcp->out);
	buffer_fini(&tcp->in);
	pipe_parts_fini(&tcp->parts);
	pthread_cond_destroy(&tcp->changed);
	pthread_mutex_destroy(&tcp->lock);
	free(tcp);
}

static const char *pipe_tcp_peer(const struct pipe_remote *remote)
{
	return container_of(remote, const struct pipe_tcp, base)->peer.address;
}

static const struct pipe_remote_ops tcp_ops = {
	.send = tcp_send,
	.receive = tcp_receive,
	.poll = tcp_poll,
	.ask = tcp_ask,
	.look = tcp_look,
	.withdraw = tcp_withdraw,
	.peer = pipe_tcp_peer,
	.free = tcp_free,
};

int pipe_tcp_new(struct channel *channel, const struct key *key, bool listens,
		 struct pipe_remote **remote, struct error *error)
{
	struct pipe_tcp *tcp = calloc(1, sizeof *tcp);
	if (tcp == NULL) {
		channel_close(channel);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a pipe");
	}
	tcp->base.ops = &tcp_ops;
	tcp->channel = channel;
	channel_get_peer(channel, &tcp->peer);
	tcp->process = getpid();
	pthread_mutex_init(&tcp->lock, NULL);
	pthread_cond_init(&tcp->changed, NULL);
	int status = greeting_begin(&tcp->greeting, channel, key, listens, error);
	if (status == RELEVO_OK && !last_words_keep(&tcp->last_words, channel))
		status = error_set(error, RELEVO_NO_MEMORY, "no memory for a pipe");
	if (status == RELEVO_OK)
		*remote = &tcp->base;
	else
		tcp_free(&tcp->base);
	return status;
}
