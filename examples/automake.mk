# SPDX-License-Identifier: Apache-2.0

# Worked set-ups, for a checkout.
EXTRA_DIST += \
	examples/controller/config.json \
	examples/controller/packages \
	examples/controller/run \
	examples/controller/setup \
	examples/controller/stt_config.py \
	examples/controller/stt_controller.py
