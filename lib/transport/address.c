/* Parsing the URLs of brokers, and the default one. */
#include "transport/address.h"

#include "base/name.h"
#include "os/own_ids.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PORT_MAX = 65535 };

/* How much of a URL an error shows. */
enum { SHOWN_MAX = 120 };

/* A string with room for no more than a Unix socket can be called. */
#define UNIX_NAME_MAX (sizeof((struct sockaddr_un *)NULL)->sun_path - 1)

static int bad_address(const char *url, const char *why, struct error *error)
{
	char shown[SHOWN_MAX];
	name_make_printable(url, shown, sizeof shown);
	return error_set(error, RELEVO_BAD_ADDRESS, "the address \"%s\" %s", shown, why);
}

/* Digits only, so no sign, no space, no "0x" and no leading zero; -1 when it is
 * not a number up to `max`. */
static int address_parse_number(const char *text, int max)
{
	if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -1;
	int64_t number = 0;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		number = number * 10 + (*text - '0');
		if (number > max)
			return -1;
	}
	return (int)number;
}

static bool has_control_character(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

/* All parsers get what follows "://" and return NULL or what is wrong. */

static const char *parse_ipc(const char *rest, struct address *address)
{
	address->kind = ADDRESS_IPC;
	size_t length = strlen(rest);
	if (rest[0] != '/')
		return "needs an absolute path, as in ipc:///run/relevo.sock";
	if (rest[length - 1] == '/')
		return "names a folder, not a socket";
	if (length > UNIX_NAME_MAX)
		return "has a path that is too long for a Unix socket (107 bytes at most)";
	memcpy(address->place, rest, length + 1);
	return NULL;
}

static const char *parse_abstract(const char *rest, struct address *address)
{
	address->kind = ADDRESS_ABSTRACT;
	size_t length = strlen(rest);
	if (length == 0)
		return "has no name";
	if (length > UNIX_NAME_MAX)
		return "has a name that is too long for a Unix socket (107 bytes at most)";
	memcpy(address->place, rest, length + 1);
	return NULL;
}

static const char *parse_data(const char *rest, struct address *address)
{
	address->kind = ADDRESS_DATA;
	size_t length = strlen(rest);
	if (rest[0] != '/')
		return "needs the absolute path of a folder, as in data:///var/lib/app";
	while (length > 1 && rest[length - 1] == '/')
		length--;
	memcpy(address->place, rest, length);
	address->place[length] = '\0';
	return NULL;
}

static const char *address_parse_fd(const char *rest, struct address *address)
{
	address->kind = ADDRESS_FD;
	address->number = address_parse_number(rest, INT_MAX);
	return address->number < 0 ? "needs the number of a descriptor, as in fd://3" : NULL;
}

static const char *check_host_name(const char *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-_";
	if (host[0] == '\0')
		return "has no host";
	if (strlen(host) > ADDRESS_MAX_HOST)
		return "has a host that is too long (253 bytes at most)";
	if (strcmp(host, "*") == 0)
		return "has no host: for every interface write 0.0.0.0 or [::]";
	if (strchr(host, ':') != NULL)
		return "has more than one colon: IPv6 addresses stand in brackets";
	return host[strspn(host, allowed)] == '\0' ? NULL : "has a host that is no host name";
}

/* An IPv6 address, perhaps with the interface that it is meant on: fe80::1%eth0. */
static const char *address_check_numbers(const char *host)
{
	struct in6_addr unused;
	char numbers[INET6_ADDRSTRLEN];
	size_t length = strcspn(host, "%");
	const char *zone = host + length;
	if (length < sizeof numbers) {
		memcpy(numbers, host, length);
		numbers[length] = '\0';
	}
	if (length >= sizeof numbers || inet_pton(AF_INET6, numbers, &unused) != 1)
		return "has something in brackets that is not an IPv6 address";
	if (*zone == '%' && (zone[1] == '\0' || strlen(zone + 1) >= IF_NAMESIZE))
		return "has no name of an interface behind the %";
	return NULL;
}

static const char *parse_tcp(const char *rest, struct address *address)
{
	address->kind = ADDRESS_TCP;
	const char *host = rest, *host_end, *port;
	bool bracketed = rest[0] == '[';
	if (bracketed) {
		host++;
		host_end = strchr(host, ']');
		if (host_end == NULL)
			return "has a bracket that is not closed";
		port = host_end + 1;
	} else {
		host_end = port = strrchr(rest, ':');
	}
	if (port == NULL || *port != ':')
		return "has no port, as in tcp://host:7000";
	size_t length = (size_t)(host_end - host);
	memcpy(address->place, host, length);
	address->place[length] = '\0';

	address->number = address_parse_number(port + 1, PORT_MAX);
	if (address->number < 0)
		return "has a port that is not a number from 0 to 65535";
	if (!bracketed)
		return check_host_name(address->place);
	return address_check_numbers(address->place);
}

int address_parse(const char *url, struct address *address, struct error *error)
{
	static const struct {
		const char *prefix;
		const char *(*parse)(const char *rest, struct address *address);
	} schemes[] = {
		{ "ipc://", parse_ipc },       { "abstract://", parse_abstract },
		{ "fd://", address_parse_fd }, { "tcp://", parse_tcp },
		{ "data://", parse_data },
	};
	if (has_control_character(url))
		return bad_address(url, "holds a control character", error);
	size_t length = strlen(url);
	if (length >= ADDRESS_MAX)
		return bad_address(url, "is too long", error);

	struct address parsed = { 0 };
	memcpy(parsed.url, url, length + 1);
	const char *problem = "does not begin with ipc://, abstract://, fd://, tcp:// or data://";
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t prefix = strlen(schemes[i].prefix);
		if (strncmp(url, schemes[i].prefix, prefix) != 0)
			continue;
		problem = schemes[i].parse(url + prefix, &parsed);
		break;
	}
	if (problem != NULL)
		return bad_address(url, problem, error);
	*address = parsed;
	return RELEVO_OK;
}

socklen_t address_to_unix(const struct address *address, struct sockaddr_un *out)
{
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	size_t length = strlen(address->place);
	/* In the abstract namespace every byte counts, so no NUL at the end. */
	size_t leading = address->kind == ADDRESS_ABSTRACT ? 1 : 0;
	memcpy(out->sun_path + leading, address->place, length);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

/* Anybody may make folders in /tmp: one that somebody else made in our name
 * would lead our programs to his broker. */
static int check_folder_in_tmp(const char *folder, struct error *error)
{
	struct stat about;
	if (lstat(folder, &about) != 0) {
		if (errno == ENOENT)
			return RELEVO_OK;
		return error_set_errno(error, errno == EACCES ? RELEVO_DENIED : RELEVO_BAD_ADDRESS,
				       errno, "%s", folder);
	}
	bool ours = S_ISDIR(about.st_mode) && user_is_own(about.st_uid) &&
		    (about.st_mode & (S_IWGRP | S_IWOTH)) == 0;
	if (!ours)
		return error_set(error, RELEVO_DENIED,
				 "%s is not a folder that only user %u can write to", folder,
				 (unsigned)geteuid());
	return RELEVO_OK;
}

int address_default(char url[ADDRESS_MAX], struct error *error)
{
	char folder[64];
	const char *base = secure_getenv("XDG_RUNTIME_DIR");
	const char *subfolder = "/relevo";
	if (base == NULL || base[0] != '/') {
		snprintf(folder, sizeof folder, "/run/user/%u", (unsigned)geteuid());
		base = folder;
		if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0) {
			snprintf(folder, sizeof folder, "/tmp/relevo-%u", (unsigned)geteuid());
			subfolder = "";
			int status = check_folder_in_tmp(folder, error);
			if (status != RELEVO_OK)
				return status;
		}
	}
	char made[ADDRESS_MAX];
	int length = snprintf(made, sizeof made, "ipc://%s%s/relevo.sock", base, subfolder);
	if (length < 0 || (size_t)length >= sizeof made)
		return bad_address(base, "(XDG_RUNTIME_DIR) is too long", error);
	struct address unused;
	int status = address_parse(made, &unused, error);
	if (status == RELEVO_OK)
		memcpy(url, made, sizeof made);
	return status;
}
