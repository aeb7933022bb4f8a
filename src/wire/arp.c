#include "wire/arp.h"

#include "wire/ethernet.h"

/* RFC 826, "Packet format": ar$hrd and ar$pro name the two spaces, ar$hln and ar$pln their lengths.
 */
enum {
    HARDWARE_ETHERNET = 1,
    HARDWARE_LEN = 6,
    PROTOCOL_LEN = 4,
};

bool arp_parse(struct reader *r, struct arp_message *message)
{
    uint16_t hardware = read_u16(r);
    uint16_t protocol = read_u16(r);
    uint8_t hardware_len = read_u8(r);
    uint8_t protocol_len = read_u8(r);
    message->operation = read_u16(r);
    read_copy(r, message->sender_mac.byte, sizeof message->sender_mac.byte);
    message->sender_ip = read_u32(r);
    read_copy(r, message->target_mac.byte, sizeof message->target_mac.byte);
    message->target_ip = read_u32(r);
    /* RFC 826, "Packet Reception": the optional checks of the lengths are made here. */
    return !r->failed && hardware == HARDWARE_ETHERNET && protocol == ETHERTYPE_IPV4 &&
           hardware_len == HARDWARE_LEN && protocol_len == PROTOCOL_LEN;
}

void arp_emit(struct writer *w, const struct arp_message *message)
{
    write_u16(w, HARDWARE_ETHERNET);
    write_u16(w, ETHERTYPE_IPV4);
    write_u8(w, HARDWARE_LEN);
    write_u8(w, PROTOCOL_LEN);
    write_u16(w, message->operation);
    write_copy(w, message->sender_mac.byte, sizeof message->sender_mac.byte);
    write_u32(w, message->sender_ip);
    write_copy(w, message->target_mac.byte, sizeof message->target_mac.byte);
    write_u32(w, message->target_ip);
}
