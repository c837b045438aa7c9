/* Telling a new child what it is, over a socket: both sides. */
#include "process/handover.h"

#include "os/descriptor.h"
#include "process/self.h"
#include "session/private_broker.h"
#include "transport/descriptors.h"
#include "wire/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LENGTH_SIZE = 4 };

/* ---- bytes and descriptors -------------------------------------------------- */

static bool send_all(int socket, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(socket, bytes, size, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return false;
		if (sent > 0) {
			bytes += sent;
			size -= (size_t)sent;
		}
	}
	return true;
}

/* The first bytes, with the descriptors. */
static bool send_with_fds(int socket, const uint8_t bytes[LENGTH_SIZE], const int *fds,
			  size_t count)
{
	const struct iovec piece = { (void *)(uintptr_t)bytes, LENGTH_SIZE };
	ssize_t sent = descriptors_send(socket, &piece, fds, count, 0);
	return sent > 0 && send_all(socket, bytes + sent, (size_t)(LENGTH_SIZE - sent));
}

/* How many came; fewer than `size` at the end of the stream. */
static size_t receive_all(int socket, void *bytes, size_t size)
{
	size_t got = 0;
	while (got < size) {
		ssize_t some = recv(socket, (uint8_t *)bytes + got, size - got, 0);
		if (some == 0 || (some < 0 && errno != EINTR))
			break;
		if (some > 0)
			got += (size_t)some;
	}
	return got;
}

static int receive_with_fds(int socket, uint8_t bytes[LENGTH_SIZE], struct handover *handover,
			    struct error *error)
{
	const struct iovec piece = { bytes, LENGTH_SIZE };
	handover->fd_count = HANDOVER_FDS;
	ssize_t got = descriptors_receive(socket, &piece, handover->fds, &handover->fd_count, 0);
	if (got < 0 && errno == EMFILE)
		return error_set_errno(
			error, RELEVO_SYSTEM, errno,
			"no room for the descriptors that a process is started with");
	size_t missing = got > 0 ? (size_t)(LENGTH_SIZE - got) : 0;
	if (got > 0 && receive_all(socket, bytes + got, missing) == missing)
		return RELEVO_OK;
	return error_set(error, RELEVO_END_OF_STREAM, "the creator of this process is gone");
}

/* ---- the creator -------------------------------------------------------------- */

/* What is to be told, and what goes with it. */
struct letter {
	Relevo__ProcessStart start;
	char folder[PATH_MAX];
	int own_fd; /* a pidfd of this process; -1: there is none */
	int fds[HANDOVER_FDS];
	size_t fd_count;
};

static void add_fd(struct letter *letter, int fd)
{
	letter->fds[letter->fd_count++] = fd;
}

static int add_descriptors(struct letter *letter, const struct process_arguments *arguments,
			   struct error *error)
{
	letter->own_fd = descriptor_raise(pidfd_open(getpid(), 0));
	if (letter->own_fd < 0)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no descriptor for a process");
	add_fd(letter, letter->own_fd);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		letter->start.standard |= 1U << fd;
		add_fd(letter, fd);
	}
	const char *private_broker;
	int life = private_broker_life(&private_broker);
	if (life >= 0) {
		letter->start.private_broker = (char *)(uintptr_t)private_broker;
		add_fd(letter, life);
	}
	letter->start.claims = (uint32_t)arguments->claim_count;
	for (size_t i = 0; i < arguments->claim_count; i++)
		add_fd(letter, arguments->claims[i]);
	for (size_t i = 0; i < arguments->fd_count; i++)
		add_fd(letter, arguments->fds[i]);
	return RELEVO_OK;
}

static int write_letter(struct letter *letter, const struct relevo_process *process,
			struct error *error)
{
	Relevo__ProcessStart *start = &letter->start;
	relevo__process_start__init(start);
	const struct target *place = &process->place;
	start->name = (char *)process->name;
	start->identity = (char *)process->identity;
	start->daemon = process->daemon;
	start->method = process->method;
	start->default_method = self_method_set();
	start->key = (ProtobufCBinaryData){ self()->key_size, self()->key };
	start->parent_pid = (uint32_t)getpid();
	start->parent_name = self()->process.name;
	if (getcwd(letter->folder, sizeof letter->folder) != NULL)
		start->folder = letter->folder;
	start->url = (char *)process->url;
	start->module = (char *)place->module;
	start->offset = place->offset;
	start->build = (ProtobufCBinaryData){ place->build_size, (uint8_t *)place->build };
	start->has_arguments = process->arguments.given;
	start->arguments = (ProtobufCBinaryData){ buffer_size(&process->arguments.bytes),
						  buffer_data(&process->arguments.bytes) };
	return add_descriptors(letter, &process->arguments, error);
}

static bool send_letter(int socket, const struct letter *letter, struct buffer *bytes)
{
	size_t size = relevo__process_start__get_packed_size(&letter->start);
	uint32_t length = htonl((uint32_t)size);
	uint8_t *place = buffer_reserve(bytes, size);
	if (place == NULL)
		return false;
	relevo__process_start__pack(&letter->start, place);
	return send_with_fds(socket, (const uint8_t *)&length, letter->fds, letter->fd_count) &&
	       send_all(socket, place, size);
}

static int handover_read_answer(int socket, const struct relevo_process *process,
				struct error *error)
{
	uint32_t status;
	char text[ERROR_TEXT_SIZE];
	if (receive_all(socket, &status, sizeof status) != sizeof status)
		return error_set(error, RELEVO_SYSTEM,
				 "the process \"%s\" ended before it had its arguments",
				 process->name);
	if (ntohl(status) == RELEVO_OK)
		return RELEVO_OK;
	size_t size = receive_all(socket, text, sizeof text - 1);
	return error_set(error, (int)ntohl(status), "%.*s", (int)size, text);
}

int handover_give(int socket, const struct relevo_process *process, struct error *error)
{
	struct letter *letter = calloc(1, sizeof *letter);
	struct buffer bytes = { 0 };
	if (letter == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to start a process");
	letter->own_fd = -1;
	int status = write_letter(letter, process, error);
	if (status == RELEVO_OK) {
		/* Whatever hinders it, the other side says why, or has ended. */
		send_letter(socket, letter, &bytes);
		shutdown(socket, SHUT_WR);
		status = handover_read_answer(socket, process, error);
	}
	if (letter->own_fd >= 0)
		close(letter->own_fd);
	buffer_fini(&bytes);
	free(letter);
	return status;
}

/* ---- the child -------------------------------------------------------------------- */

int handover_take(int socket, struct handover *handover, struct error *error)
{
	uint32_t length = 0;
	struct buffer bytes = { 0 };
	*handover = (struct handover){ 0 };
	int status = receive_with_fds(socket, (uint8_t *)&length, handover, error);
	if (status != RELEVO_OK)
		return status;
	size_t size = ntohl(length);
	uint8_t *place = buffer_reserve(&bytes, size);
	if (place == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for %zu bytes of arguments",
				 size);
	if (receive_all(socket, place, size) == size)
		handover->start =
			text_unpack(&relevo__process_start__descriptor, NULL, size, place);
	buffer_fini(&bytes);
	return handover->start != NULL
		       ? RELEVO_OK
		       : error_set(error, RELEVO_BAD_FRAME,
				   "what the creator of this process says is cut short");
}

int handover_next_fd(struct handover *handover)
{
	return handover->next_fd < handover->fd_count ? handover->fds[handover->next_fd++] : -1;
}

void handover_answer(int socket, const struct error *error)
{
	uint32_t status = htonl((uint32_t)error->status);
	send_all(socket, (const uint8_t *)&status, sizeof status);
	if (error->status != RELEVO_OK)
		send_all(socket, (const uint8_t *)error_text(error), strlen(error_text(error)));
}

void handover_free(struct handover *handover)
{
	while (handover->next_fd < handover->fd_count)
		close(handover_next_fd(handover));
	relevo__process_start__free_unpacked(handover->start, NULL);
}
