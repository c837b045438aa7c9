#include "player.h"

#include "support/scarce.h"
#include "support/test.h"
#include "support/wire_client.h"
#include "wire/proof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Rounds of the broker between two steps: it may take what comes in several. */
enum { ROUNDS = 4, READ_SIZE = 1024 * 1024 };

/* How long one listens for what may never come. */
#define MOMENT (20 * NSEC_PER_MSEC)

/* ---- writing ---------------------------------------------------------------- */

static struct step *add_step(struct script *script, enum step_kind kind, int player)
{
	assert_true(script->count < MOST_STEPS && player < PLAYERS);
	struct step *step = &script->steps[script->count++];
	*step = (struct step){ .kind = kind, .player = player };
	return step;
}

void script_connect(struct script *script, int player)
{
	add_step(script, STEP_CONNECT, player);
}

void script_connect_tcp(struct script *script, int player)
{
	add_step(script, STEP_CONNECT_TCP, player);
}

void script_listen(struct script *script, int player, size_t frames)
{
	add_step(script, STEP_LISTEN, player)->frames = frames;
}

void script_prove(struct script *script, int player, const struct key *key)
{
	add_step(script, STEP_PROVE, player)->key = key;
}

void script_close(struct script *script, int player)
{
	add_step(script, STEP_CLOSE, player);
}

void script_read(struct script *script, int player)
{
	add_step(script, STEP_READ, player);
}

void script_await(struct script *script, int player, size_t frames)
{
	add_step(script, STEP_AWAIT, player)->frames = frames;
}

void script_call(struct script *script, void (*call)(void))
{
	add_step(script, STEP_CALL, 0)->call = call;
}

void script_bytes(struct script *script, int player, const void *bytes, size_t size)
{
	assert_true(buffer_append(&add_step(script, STEP_SEND, player)->bytes, bytes, size));
}

void script_send(struct script *script, int player, uint64_t call, Relevo__Header *header,
		 const void *bodies)
{
	header->call = call;
	add_step(script, STEP_SEND, player)->bytes = wire_encode(header, bodies);
}

void script_fini(struct script *script)
{
	for (size_t i = 0; i < script->count; i++)
		buffer_fini(&script->steps[i].bytes);
}

/* ---- playing ------------------------------------------------------------------ */

struct play {
	const struct script *script;
	struct loop *loop;
	struct player *players;
	const char *name; /* of the broker */
	uint16_t port;    /* the same; 0: none */
	size_t next;
	int round;
	nsec_t since; /* of listening; 0: nobody does */
};

static void player_begin(struct player *player)
{
	buffer_consume(&player->read, buffer_size(&player->read));
	player->ended = false;
}

/* The kernel takes it in, whenever the broker does. */
static void player_connect_tcp(struct player *player, uint16_t port)
{
	struct sockaddr_in place = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	player_begin(player);
	player->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(player->fd >= 0);
	assert_int_equal(connect(player->fd, (struct sockaddr *)&place, sizeof place), 0);
	assert_int_equal(fcntl(player->fd, F_SETFL, O_NONBLOCK), 0);
}

static void player_connect(struct player *player, const char *name)
{
	player_begin(player);
	struct sockaddr_un place = { .sun_family = AF_UNIX };
	size_t length = strlen(name);
	memcpy(place.sun_path + 1, name, length);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
	player->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(player->fd >= 0);
	assert_int_equal(connect(player->fd, (struct sockaddr *)&place, size), 0);
}

static void player_close(struct player *player)
{
	if (player->fd >= 0)
		close(player->fd);
	player->fd = -1;
}

/* The broker may have cut the connection. */
static void player_send(const struct player *player, const struct buffer *bytes)
{
	ssize_t sent = send(player->fd, buffer_data(bytes), buffer_size(bytes), MSG_NOSIGNAL);
	assert_true(sent >= 0 || errno == EPIPE || errno == ECONNRESET || errno == EAGAIN);
}

/* Descriptors that come along are closed unseen: there is no room for them. What is read has
 * been given room before. */
static void player_read(struct player *player)
{
	ssize_t got = 0;
	size_t room = buffer_room(&player->read);
	while (room > 0 &&
	       (got = recv(player->fd, buffer_data(&player->read) + buffer_size(&player->read),
			   room, 0)) > 0) {
		buffer_commit(&player->read, (size_t)got);
		room = buffer_room(&player->read);
	}
	player->ended =
		player->ended || room == 0 || got == 0 || (errno != EAGAIN && errno != EINTR);
}

static size_t count_frames(const struct buffer *bytes)
{
	size_t count = 0;
	for (size_t at = 0; at + sizeof(uint32_t) <= buffer_size(bytes);) {
		uint32_t length;
		memcpy(&length, buffer_data(bytes) + at, sizeof length);
		at += sizeof length + ntohl(length);
		count += at <= buffer_size(bytes);
	}
	return count;
}

static bool has_come(const struct player *player, size_t frames)
{
	return player->ended || count_frames(&player->read) >= frames;
}

/* Whether the last frame that has come is a challenge; its number goes into the subject. */
static bool find_challenge(const struct player *player, struct arena *arena,
			   struct proof_subject *subject)
{
	const struct frame_limits limits = { FRAME_MAX_FOR(1024), 1024 };
	const uint8_t *bytes = buffer_data(&player->read);
	size_t left = buffer_size(&player->read);
	struct frame frame;
	struct error error;
	bool found = false;
	while (frame_read(bytes, left, &limits, arena, &frame, &error) == RELEVO_OK) {
		found = frame.header->op_case == RELEVO__HEADER__OP_CHALLENGE &&
			frame.header->challenge->nonce.len == NONCE_SIZE;
		if (found)
			memcpy(subject->broker_nonce, frame.header->challenge->nonce.data,
			       NONCE_SIZE);
		bytes += frame.size;
		left -= frame.size;
	}
	return found;
}

static void send_proof(const struct player *player, const struct key *key,
		       const struct proof_subject *subject)
{
	uint8_t bytes[PROOF_SIZE], nonce[NONCE_SIZE];
	struct error error;
	Relevo__Proof proof = RELEVO__PROOF__INIT;
	Relevo__Header header = WIRE_HEADER(PROOF, proof, &proof);
	memcpy(nonce, subject->client_nonce, NONCE_SIZE);
	assert_int_equal(proof_make(key, PROOF_OF_CLIENT, subject, bytes, &error), RELEVO_OK);
	proof.nonce = (ProtobufCBinaryData){ NONCE_SIZE, nonce };
	proof.proof = (ProtobufCBinaryData){ PROOF_SIZE, bytes };
	header.call = 1;
	struct buffer frame = wire_encode(&header, NULL);
	player_send(player, &frame);
	buffer_fini(&frame);
}

static void player_prove(const struct player *player, const struct key *key)
{
	struct proof_subject subject = {
		.client_nonce = { 7 },
		.version = PROTOCOL_VERSION,
		.host = "",
		.name = "",
	};
	struct arena arena;
	scarce_pause(true);
	assert_true(arena_init(&arena, ARENA_LIMIT_FOR_HEADERS));
	if (find_challenge(player, &arena, &subject))
		send_proof(player, key, &subject);
	arena_fini(&arena);
	scarce_pause(false);
}

static bool is_over(struct play *play)
{
	nsec_t now = clock_now();
	if (play->since == 0)
		play->since = now;
	return now - play->since > MOMENT;
}

static bool player_listen(struct play *play, struct player *player, size_t frames)
{
	player_read(player);
	bool over = has_come(player, frames) || is_over(play);
	if (over)
		play->since = 0;
	return over;
}

/* False: it is to be tried again. */
static bool play_step(struct play *play, const struct step *step)
{
	struct player *player = &play->players[step->player];
	switch (step->kind) {
	case STEP_CONNECT:
		player_connect(player, play->name);
		break;
	case STEP_CONNECT_TCP:
		player_connect_tcp(player, play->port);
		break;
	case STEP_SEND:
		player_send(player, &step->bytes);
		break;
	case STEP_PROVE:
		player_prove(player, step->key);
		break;
	case STEP_READ:
		player_read(player);
		break;
	case STEP_AWAIT:
		player_read(player);
		return has_come(player, step->frames);
	case STEP_LISTEN:
		return player_listen(play, player, step->frames);
	case STEP_CLOSE:
		player_close(player);
		break;
	case STEP_CALL:
		step->call();
	}
	return true;
}

static void on_round(void *context, uint32_t events)
{
	struct play *play = context;
	(void)events;
	if (++play->round % ROUNDS != 0)
		return;
	if (play->next == play->script->count)
		loop_stop(play->loop);
	else
		play->next += play_step(play, &play->script->steps[play->next]);
}

static uint16_t port_of(const char *url)
{
	return url != NULL ? (uint16_t)strtoul(strrchr(url, ':') + 1, NULL, 10) : 0;
}

void script_play(struct script *script, struct broker *broker, const char *name,
		 struct player players[PLAYERS])
{
	struct play play = {
		.script = script,
		.loop = broker_loop(broker),
		.players = players,
		.name = name,
		.port = port_of(broker_url(broker, 1)),
	};
	for (int i = 0; i < PLAYERS; i++) {
		players[i] = (struct player){ .fd = -1 };
		assert_non_null(buffer_reserve(&players[i].read, READ_SIZE));
	}
	/* Readable for ever: each round comes by. */
	int always = eventfd(1, EFD_CLOEXEC);
	struct loop_source *source = loop_add(play.loop, always, EPOLLIN, on_round, &play);
	assert_non_null(source);
	struct error error = { 0 };
	assert_int_equal(broker_run(broker, &error), RELEVO_OK);
	loop_remove(source);
	close(always);
}

void players_fini(struct player players[PLAYERS])
{
	for (int i = 0; i < PLAYERS; i++) {
		player_close(&players[i]);
		buffer_fini(&players[i].read);
	}
}
