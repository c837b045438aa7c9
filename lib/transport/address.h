#ifndef TRANSPORT_ADDRESS_H
#define TRANSPORT_ADDRESS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * Where a broker listens, as a URL:
 *
 *   ipc:///run/user/1000/relevo/relevo.sock   a Unix socket in the file system
 *   abstract://name                           one in the abstract namespace
 *   fd://3                                    a listening socket, inherited
 *   tcp://host:port                           any other host; IPv6 in brackets, and with
 *                                             its interface where it needs one:
 *                                             tcp://[fe80::1%eth0]:7000
 *   data:///var/lib/app                       the broker of that data folder
 */
enum address_kind { ADDRESS_IPC, ADDRESS_ABSTRACT, ADDRESS_FD, ADDRESS_TCP, ADDRESS_DATA };

#define ADDRESS_MAX      300
#define ADDRESS_MAX_HOST 253

struct address {
	enum address_kind kind;
	char url[ADDRESS_MAX];   /* as given */
	char place[ADDRESS_MAX]; /* path, abstract name, host without brackets, or folder */
	int number;              /* descriptor or port */
};

/* BAD_ADDRESS with a text that shows the URL and says what is wrong with it. */
int address_parse(const char *url, struct address *address, struct error *error);

/* The socket address of an ipc or abstract URL. */
socklen_t address_to_unix(const struct address *address, struct sockaddr_un *out);

/*
 * The URL of the user's own broker: $XDG_RUNTIME_DIR/relevo/relevo.sock, or
 * under /run/user/UID, or under /tmp/relevo-UID when there is neither. No broker of
 * this user can be there: DENIED (the folder is another's), BAD_ADDRESS (the path is
 * too long, or leads through what is no folder).
 */
int address_default(char url[ADDRESS_MAX], struct error *error);

#endif
