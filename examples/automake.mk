# SPDX-License-Identifier: Apache-2.0

# Worked set-ups, for a checkout.
EXTRA_DIST += \
	examples/common.sh \
	examples/controller/config.json \
	examples/controller/packages \
	examples/controller/run \
	examples/controller/setup \
	examples/controller/stt_config.py \
	examples/controller/stt_controller.py \
	examples/firewall/ovs-stt.nft \
	examples/gateways/packages \
	examples/gateways/run \
	examples/learning/packages \
	examples/learning/run \
	examples/ovn/packages \
	examples/ovn/run \
	examples/tunnels/packages \
	examples/tunnels/run
