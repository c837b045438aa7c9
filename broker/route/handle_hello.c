/* How a connection becomes a session. */
#include "base/name.h"
#include "log/log.h"
#include "route/handlers.h"
#include "route/reply.h"
#include "route/weight.h"
#include "wire/proof.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is known of a client that has yet to prove that it knows the key. */
struct greeting {
	struct proof_subject subject;
};

/* What a client says about itself may be left out, but is held to what names
 * are, since it is shown to people. */
static int check_label(const char *label, const char *what, struct error *error)
{
	return label[0] != '\0' ? name_check(label, what, error) : RELEVO_OK;
}

static int handle_hello_check_hello(const Relevo__Hello *hello, struct error *error)
{
	if (hello->version != PROTOCOL_VERSION)
		return error_set(error, RELEVO_BAD_VERSION,
				 "the client speaks version %" PRIu32
				 " of the protocol, this broker version %d",
				 hello->version, PROTOCOL_VERSION);
	if (hello->client.len != 0 && hello->client.len != CLIENT_ID_SIZE)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "a client is known by %d bytes, not by %zu", CLIENT_ID_SIZE,
				 hello->client.len);
	int status = check_label(hello->name, "client", error);
	return status == RELEVO_OK ? check_label(hello->host, "host", error) : status;
}

static void handle_hello_identify(struct session *session, const Relevo__Hello *hello)
{
	const struct channel_peer *peer = connection_peer(session->connection);
	struct identity *identity = &session->identity;
	/* The kernel's word about the pid counts more than the client's. */
	identity->pid = peer->local ? (uint64_t)peer->pid : hello->pid;
	snprintf(identity->host, sizeof identity->host, "%s", hello->host);
	snprintf(identity->name, sizeof identity->name, "%s", hello->name);
	session->returns = hello->client.len == CLIENT_ID_SIZE;
	if (session->returns)
		memcpy(session->client, hello->client.data, CLIENT_ID_SIZE);
}

static void log_opened(const struct session *session)
{
	const struct identity *identity = &session->identity;
	log_info("session-open", LOG_NUMBER("session", session->number),
		 LOG_NUMBER("uid", connection_account(session->connection)->uid),
		 LOG_NUMBER("pid", identity->pid), LOG_TEXT("name", identity->name),
		 LOG_TEXT("host", identity->host),
		 LOG_TEXT("address", connection_peer(session->connection)->address));
}

/* `proof` may be NULL: none was asked for. */
static void welcome(struct session *session, uint64_t call, uint8_t *proof)
{
	struct error error = { 0 };
	if (session_start(session) != RELEVO_OK) {
		error_set(&error, RELEVO_NO_MEMORY, "no memory for a session");
		session_refuse(session, call, &error);
		return;
	}
	log_opened(session);
	reply_welcome(session, call, proof);
}

/* The open session of that number and of the same user. */
static const struct session *find_session(const struct session *session, uint64_t number)
{
	list_for_each (node, &session->router->sessions) {
		const struct session *one = container_of(node, struct session, in_router);
		if (one->number == number &&
		    connection_account(one->connection) == connection_account(session->connection))
			return one;
	}
	return NULL;
}

uint64_t weight_of_hello(const struct session *session, const Relevo__Hello *hello)
{
	const struct session *parent =
		hello->inherits != 0 ? find_session(session, hello->inherits) : NULL;
	return parent != NULL && parent->peer != NULL ? engine_peer_weight(parent->peer) : 0;
}

static void hush(struct session *session)
{
	session->unborn = true;
	engine_peer_hush(session->peer);
}

/* Born of another session. The kernel vouches for both: over the network nothing is inherited. */
static int inherit(struct session *session, uint64_t number, struct error *error)
{
	const struct session *parent = find_session(session, number);
	if (parent == NULL || !connection_peer(session->connection)->local)
		return error_set(error, RELEVO_NOT_FOUND,
				 "there is no session %" PRIu64 " to inherit from", number);
	int status = session_start(session);
	if (status != RELEVO_OK)
		return error_set(error, status, "no memory for a session");
	hush(session);
	return engine_peer_inherit(session->peer, parent->peer, error);
}

static int welcome_heir(struct session *session, const struct frame *frame, struct error *error)
{
	int status = inherit(session, frame->header->hello->inherits, error);
	if (status == RELEVO_OK)
		reply_welcome(session, frame->header->call, NULL);
	return status;
}

void handle_born(struct session *session, const struct frame *frame)
{
	if (!session->unborn)
		return;
	session->unborn = false;
	engine_peer_speak(session->peer);
	session->identity.pid = frame->header->born->pid;
	log_opened(session);
}

/* The kernel vouches for local clients; others need the key, if there is one. */
static bool needs_proof(const struct session *session)
{
	return session->router->config.key != NULL && !connection_peer(session->connection)->local;
}

static int challenge(struct session *session, uint64_t call, const struct proof_subject *hello,
		     struct error *error)
{
	struct greeting *greeting = calloc(1, sizeof *greeting);
	if (greeting == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a session");
	session->greeting = greeting;
	greeting->subject = *hello;
	greeting->subject.host = session->identity.host;
	greeting->subject.name = session->identity.name;
	int status = proof_nonce(greeting->subject.broker_nonce, error);
	if (status != RELEVO_OK)
		return status;
	session->state = SESSION_CHALLENGED;
	reply_challenge(session, call, greeting->subject.broker_nonce);
	return RELEVO_OK;
}

void handle_hello(struct session *session, const struct frame *frame)
{
	const Relevo__Hello *hello = frame->header->hello;
	uint64_t call = frame->header->call;
	struct error error = { 0 };
	if (session->state == SESSION_OPEN) {
		error_set(&error, RELEVO_BAD_STATE, "this session has said hello before");
		reply_error(session, call, &error);
		return;
	}
	const struct proof_subject subject = {
		.version = hello->version,
		.pid = hello->pid,
		.host = hello->host,
		.name = hello->name,
	};
	int status = handle_hello_check_hello(hello, &error);
	if (status == RELEVO_OK)
		handle_hello_identify(session, hello);
	if (status == RELEVO_OK && needs_proof(session))
		status = challenge(session, call, &subject, &error);
	else if (status == RELEVO_OK && hello->inherits != 0)
		status = welcome_heir(session, frame, &error);
	else if (status == RELEVO_OK)
		welcome(session, call, NULL);
	if (status == RELEVO_OK && hello->silent && session->state == SESSION_OPEN)
		hush(session);
	if (status != RELEVO_OK)
		session_refuse(session, call, &error);
}

static int check_proof(struct session *session, const Relevo__Proof *proof, uint8_t own[PROOF_SIZE],
		       struct error *error)
{
	struct proof_subject *subject = &session->greeting->subject;
	const struct key *key = session->router->config.key;
	if (proof->nonce.len != NONCE_SIZE)
		return error_set(error, RELEVO_AUTH_FAILED,
				 "the client's nonce has %zu bytes, not %d", proof->nonce.len,
				 NONCE_SIZE);
	memcpy(subject->client_nonce, proof->nonce.data, NONCE_SIZE);
	if (!proof_holds(key, PROOF_OF_CLIENT, subject, proof->proof.data, proof->proof.len))
		return error_set(error, RELEVO_AUTH_FAILED,
				 "the client does not know this broker's key");
	return proof_make(key, PROOF_OF_BROKER, subject, own, error);
}

void handle_proof(struct session *session, const struct frame *frame)
{
	uint64_t call = frame->header->call;
	uint8_t own[PROOF_SIZE];
	struct error error = { 0 };
	if (session->state == SESSION_OPEN) {
		error_set(&error, RELEVO_BAD_STATE, "nobody asked this session for a proof");
		reply_error(session, call, &error);
		return;
	}
	int status = check_proof(session, frame->header->proof, own, &error);
	if (status == RELEVO_OK)
		welcome(session, call, own);
	else
		session_refuse(session, call, &error);
	free(session->greeting);
	session->greeting = NULL;
}
