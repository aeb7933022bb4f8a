/* DHCP messages (RFC 2131 section 2, options of RFC 2132). */
#ifndef WIRE_DHCP_H
#define WIRE_DHCP_H

#include "base/bytes.h"
#include "wire/address.h"

enum {
    DHCP_SERVER_PORT = 67,
    DHCP_CLIENT_PORT = 68,
    DHCP_MIN_LEN = 300, /* BOOTP's size, which relays and old clients expect (RFC 1542 2.1) */
    DHCP_MAX_LEN = 1472,
    DHCP_MAX_ADDRESSES = 4, /* of routers and of DNS servers that we keep */
    DHCP_MAX_TEXT = 64,     /* with the NUL */
    DHCP_MAX_BLOB = 32,     /* of client ids and parameter lists */
};

enum dhcp_op {
    DHCP_BOOTREQUEST = 1,
    DHCP_BOOTREPLY = 2,
};

enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER = 2,
    DHCP_REQUEST = 3,
    DHCP_DECLINE = 4,
    DHCP_ACK = 5,
    DHCP_NAK = 6,
    DHCP_RELEASE = 7,
    DHCP_INFORM = 8,
};

enum dhcp_option {
    DHCP_OPTION_PAD = 0,
    DHCP_OPTION_SUBNET_MASK = 1,
    DHCP_OPTION_ROUTER = 3,
    DHCP_OPTION_DNS = 6,
    DHCP_OPTION_HOST_NAME = 12,
    DHCP_OPTION_DOMAIN_NAME = 15,
    DHCP_OPTION_REQUESTED_ADDRESS = 50,
    DHCP_OPTION_LEASE_TIME = 51,
    DHCP_OPTION_OVERLOAD = 52,
    DHCP_OPTION_MESSAGE_TYPE = 53,
    DHCP_OPTION_SERVER_ID = 54,
    DHCP_OPTION_PARAMETER_LIST = 55,
    DHCP_OPTION_MESSAGE = 56,
    DHCP_OPTION_RENEWAL_TIME = 58,
    DHCP_OPTION_REBINDING_TIME = 59,
    DHCP_OPTION_CLIENT_ID = 61,
    DHCP_OPTION_END = 255,
};

/* Addresses are IPv4 in host order; 0 means absent, as do 0 times and empty strings. */
struct dhcp_message {
    uint8_t op;
    uint8_t hops;
    uint32_t xid;
    uint16_t secs;
    bool broadcast; /* the flag: "I cannot take unicast before I am configured" */
    uint32_t ciaddr, yiaddr, siaddr, giaddr;
    struct mac_addr chaddr;
    uint8_t type; /* enum dhcp_type; 0: BOOTP */
    uint32_t subnet_mask;
    uint32_t routers[DHCP_MAX_ADDRESSES];
    uint32_t dns[DHCP_MAX_ADDRESSES];
    uint32_t requested_address;
    uint32_t server_id;
    uint32_t lease_time_s, renewal_time_s, rebinding_time_s;
    char host_name[DHCP_MAX_TEXT];
    char domain_name[DHCP_MAX_TEXT];
    char message[DHCP_MAX_TEXT];
    uint8_t client_id_len; /* 0: none */
    uint8_t client_id[DHCP_MAX_BLOB];
    uint8_t parameter_list_len;
    uint8_t parameter_list[DHCP_MAX_BLOB];
};

/* Consumes the whole reader: a UDP payload. False when it is not a well-formed message over
 * Ethernet with the magic cookie. Honours overload (option 52) and concatenates split options (RFC
 * 3396) as far as it keeps them; text is cut to DHCP_MAX_TEXT, lists to what the struct holds. */
bool dhcp_parse(struct reader *r, struct dhcp_message *message);

/* Writes the message, options in ascending order of their code after the type, padded to
 * DHCP_MIN_LEN. Lists of addresses end at the first 0. DHCP_MAX_LEN always suffices. */
void dhcp_emit(struct writer *w, const struct dhcp_message *message);

const char *dhcp_type_text(uint8_t type); /* "DISCOVER"; "BOOTP" for 0; "?" when unknown */

#endif
