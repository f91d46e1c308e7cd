// SPDX-License-Identifier: Apache-2.0
// file: controller/route-exchange-netlink.c
// expect: route_table_dump_one_table\(table_id, AF_UNSPEC, handle_route_msg,

// Open vSwitch 4.0 can be asked for the routes of one family alone.
@ both_families @
expression table, handle, aux;
@@
-route_table_dump_one_table(table, handle, aux)
+route_table_dump_one_table(table, AF_UNSPEC, handle, aux)
