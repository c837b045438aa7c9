/* The handshake of a new connection: Hello, and the proofs of the key. */
#include "session/hello.h"

#include "base/mutant.h"
#include "base/name.h"
#include "session/call.h"
#include "wire/proof.h"
#include "wire/protocol.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

/* What it takes to become a session. */
struct hello {
	struct call call;
	struct relevo_session *session;
	struct proof_subject subject;
	bool challenged;
	bool proven; /* the broker knows the key */
	char host[HOST_NAME_MAX + 1];
};

static int take_challenge(struct hello *hello, const Relevo__Challenge *challenge)
{
	if (challenge->nonce.len != NONCE_SIZE)
		return RELEVO_BAD_FRAME;
	memcpy(hello->subject.broker_nonce, challenge->nonce.data, NONCE_SIZE);
	hello->challenged = true;
	return RELEVO_OK;
}

static int take_welcome(struct hello *hello, const Relevo__Welcome *welcome)
{
	struct connection *connection = &hello->session->connection;
	if (welcome->max_frame < FRAME_MAX_FOR(welcome->max_item))
		return RELEVO_BAD_FRAME;
	connection->broker = welcome->broker;
	connection->session = welcome->session;
	connection->limits.max_frame = welcome->max_frame;
	connection->limits.max_item = welcome->max_item;
	connection->window = welcome->window;
	hello->proven = hello->challenged &&
			proof_holds(hello->session->key, PROOF_OF_BROKER, &hello->subject,
				    welcome->proof.data, welcome->proof.len);
	return RELEVO_OK;
}

static int take_answer(struct call *call, const struct frame *frame)
{
	struct hello *hello = container_of(call, struct hello, call);
	const Relevo__Header *header = frame->header;
	if (header->op_case == RELEVO__HEADER__OP_CHALLENGE && !hello->challenged)
		return take_challenge(hello, header->challenge);
	if (header->op_case == RELEVO__HEADER__OP_WELCOME)
		return take_welcome(hello, header->welcome);
	return RELEVO_BAD_FRAME;
}

static int introduce(struct hello *hello, nsec_t deadline, struct error *error)
{
	const struct proof_subject *subject = &hello->subject;
	Relevo__Hello operation = RELEVO__HELLO__INIT;
	operation.version = subject->version;
	operation.pid = subject->pid;
	operation.host = (char *)subject->host;
	operation.name = (char *)subject->name;
	operation.inherits = hello->session->inherits;
	operation.silent = hello->session->silent;
	if (hello->session->has_client)
		operation.client = (ProtobufCBinaryData){ CLIENT_ID_SIZE, hello->session->client };
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_HELLO;
	header.hello = &operation;
	return call_run(hello->session, &hello->call, &header, deadline, error);
}

static int hello_prove(struct hello *hello, nsec_t deadline, struct error *error)
{
	struct relevo_session *session = hello->session;
	uint8_t proof[PROOF_SIZE];
	if (session->key == NULL)
		return error_set(error, RELEVO_AUTH_FAILED,
				 "the broker at %s asks for its key: name the file that has it in "
				 "RELEVO_KEY_FILE",
				 session->address.url);
	int status = proof_nonce(hello->subject.client_nonce, error);
	if (status == RELEVO_OK)
		status = proof_make(session->key, PROOF_OF_CLIENT, &hello->subject, proof, error);
	if (status != RELEVO_OK)
		return status;
	Relevo__Proof operation = RELEVO__PROOF__INIT;
	operation.nonce = (ProtobufCBinaryData){ NONCE_SIZE, hello->subject.client_nonce };
	operation.proof = (ProtobufCBinaryData){ PROOF_SIZE, proof };
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_PROOF;
	header.proof = &operation;
	return call_run(session, &hello->call, &header, deadline, error);
}

int hello_say(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	struct hello hello = {
		.call.take = take_answer,
		.session = session,
		.subject = {
			.version = PROTOCOL_VERSION,
			.pid = (uint64_t)getpid(),
			.name = session->name,
		},
	};
	char host[HOST_NAME_MAX + 1] = "";
	gethostname(host, sizeof host - 1);
	if (MUTANT(odd_names_kept))
		memcpy(hello.host, host, sizeof host);
	else
		name_adapt(host, hello.host, sizeof hello.host);
	hello.subject.host = hello.host;
	int status = introduce(&hello, deadline, error);
	if (status == RELEVO_OK && hello.challenged)
		status = hello_prove(&hello, deadline, error);
	if (status == RELEVO_OK && session->key != NULL && !hello.proven)
		status = error_set(error, RELEVO_AUTH_FAILED,
				   "the broker at %s did not prove that it knows the key",
				   session->address.url);
	return status;
}
