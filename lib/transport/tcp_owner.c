/* Whose process is at the other end of a TCP connection within this host: the kernel knows. */
#include "transport/tcp_owner.h"

#include "os/descriptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- asking about one socket ----------------------------------------------- */

struct question {
	struct nlmsghdr head;
	struct inet_diag_req_v2 request;
};

static void name_end(const union socket_place *place, __be16 *port, __be32 address[4])
{
	if (place->any.sa_family == AF_INET6) {
		*port = place->v6.sin6_port;
		memcpy(address, &place->v6.sin6_addr, sizeof place->v6.sin6_addr);
	} else {
		*port = place->v4.sin_port;
		memcpy(address, &place->v4.sin_addr, sizeof place->v4.sin_addr);
	}
}

static int kept = -1; /* see tcp_owner_prepare() */

static int open_questions(void)
{
	return descriptor_raise(socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
}

void tcp_owner_prepare(void)
{
	if (kept < 0)
		kept = open_questions();
}

static bool tcp_owner_ask(int fd, const union socket_place *theirs, const union socket_place *ours)
{
	struct question question = {
		.head = {
			.nlmsg_len = sizeof question,
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST,
		},
		.request = {
			.sdiag_family = (__u8)theirs->any.sa_family,
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_states = UINT32_MAX,
			.id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
		},
	};
	struct inet_diag_sockid *id = &question.request.id;
	name_end(theirs, &id->idiag_sport, id->idiag_src);
	name_end(ours, &id->idiag_dport, id->idiag_dst);
	return send(fd, &question, sizeof question, 0) == sizeof question;
}

/* A socket that its process has closed, or not accepted yet, is said to be root's: it has no
 * inode. Where the kernel finds none with the other end, it names the one that listens there. */
static int tcp_owner_read_answer(int fd, const union socket_place *ours, uid_t *uid)
{
	union {
		struct nlmsghdr head;
		char bytes[4096];
	} answer;
	ssize_t got;
	do
		got = recv(fd, &answer, sizeof answer, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno;
	if (!NLMSG_OK(&answer.head, (size_t)got))
		return EPROTO;
	if (answer.head.nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *failure = NLMSG_DATA(&answer.head);
		return failure->error < 0 ? -failure->error : EPROTO;
	}
	const struct inet_diag_msg *found = NLMSG_DATA(&answer.head);
	if (answer.head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    answer.head.nlmsg_len < NLMSG_LENGTH(sizeof *found))
		return EPROTO;
	__be16 port;
	__be32 ignored[4];
	name_end(ours, &port, ignored);
	*uid = found->idiag_uid;
	return found->idiag_inode != 0 && found->id.idiag_dport == port ? 0 : ENOENT;
}

static int ask_kernel(const union socket_place *theirs, const union socket_place *ours, uid_t *uid)
{
	int fd = kept >= 0 ? kept : open_questions();
	if (fd < 0)
		return errno;
	/* The kernel answers while it is asked: no answer stays behind. */
	int failure =
		tcp_owner_ask(fd, theirs, ours) ? tcp_owner_read_answer(fd, ours, uid) : errno;
	if (fd != kept)
		close(fd);
	return failure;
}

/* ---- the tables -------------------------------------------------------------- */

/* As the tables write it: words of the address, each in the order of this machine. */
static void write_end(const union socket_place *place, char text[48])
{
	__be16 port;
	__be32 words[4];
	int count = place->any.sa_family == AF_INET6 ? 4 : 1, used = 0;
	name_end(place, &port, words);
	for (int i = 0; i < count; i++)
		used += snprintf(text + used, 48 - (size_t)used, "%08" PRIX32, words[i]);
	snprintf(text + used, 48 - (size_t)used, ":%04X", ntohs(port));
}

/* 0: it is that line's. */
static int read_line(const char *line, const char *theirs, const char *ours, uid_t *uid)
{
	char local[48], remote[48];
	unsigned owner;
	unsigned long inode;
	if (sscanf(line, "%*s %47s %47s %*s %*s %*s %*s %u %*s %lu", local, remote, &owner,
		   &inode) != 4 ||
	    strcmp(local, theirs) != 0 || strcmp(remote, ours) != 0 || inode == 0)
		return ENOENT;
	*uid = owner;
	return 0;
}

int tcp_owner_in_proc(const union socket_place *theirs, const union socket_place *ours, uid_t *uid)
{
	char local[48], remote[48], line[512];
	FILE *table = fopen(theirs->any.sa_family == AF_INET6 ? "/proc/self/net/tcp6"
							      : "/proc/self/net/tcp",
			    "re");
	if (table == NULL)
		return errno;
	write_end(theirs, local);
	write_end(ours, remote);
	int failure = ENOENT;
	while (failure != 0 && fgets(line, sizeof line, table) != NULL)
		failure = read_line(line, local, remote, uid);
	fclose(table);
	return failure;
}

int tcp_owner(const union socket_place *theirs, const union socket_place *ours, uid_t *uid)
{
	int failure = ask_kernel(theirs, ours, uid);
	/* Not there, or no descriptor for the question: the tables would say the same. */
	if (failure == 0 || failure == ENOENT || failure == EMFILE || failure == ENFILE)
		return failure;
	return tcp_owner_in_proc(theirs, ours, uid);
}

int tcp_owner_listening(const union socket_place *theirs, const union socket_place *ours,
			uid_t *uid)
{
	const union socket_place nobody = { .any.sa_family = theirs->any.sa_family };
	int failure = tcp_owner(theirs, ours, uid);
	if (failure == ENOENT)
		failure = ask_kernel(theirs, &nobody, uid);
	/* If nobody listens any more, it has been accepted meanwhile, or is no more. */
	if (failure == ENOENT)
		failure = tcp_owner(theirs, ours, uid);
	return failure;
}
