"""CurveZMQ as jupyter_client arranges it: keys that it makes, a kernel that must be encrypted."""

from __future__ import annotations

import unittest

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from slipway_environment import SlipwayEnvironment

PATIENCE = 30


class EncryptedKernelTests(unittest.TestCase):
    """A kernel that is started with ``transport_encryption="required"``."""

    km: KernelManager
    kc: BlockingKernelClient

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(SlipwayEnvironment())
        cls.km = KernelManager(kernel_name="slipway", transport_encryption="required")
        cls.km.start_kernel()
        cls.addClassCleanup(cls.km.shutdown_kernel)
        cls.kc = cls.km.client()
        cls.kc.start_channels()
        cls.addClassCleanup(cls.kc.stop_channels)
        cls.kc.wait_for_ready(timeout=PATIENCE)

    def run_cell(self, code: str) -> str:
        printed: list[str] = []

        def collect(message: dict) -> None:
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])

        reply = self.kc.execute_interactive(code, timeout=PATIENCE, output_hook=collect)
        self.assertEqual(reply["content"]["status"], "ok")
        return "".join(printed)

    def test_the_manager_finds_that_the_kernelspec_declares_support(self) -> None:
        self.assertIsNotNone(self.km.curve_publickey)
        self.assertIsNotNone(self.km.curve_secretkey)

    def test_cells_run_from_end_to_end(self) -> None:
        self.assertEqual(self.run_cell("print(6 * 7)"), "42\n")

    def test_the_heartbeat_beats(self) -> None:
        self.kc.hb_channel.unpause()
        self.assertTrue(self.kc.is_alive())
        self.assertTrue(self.kc.hb_channel.is_beating())

    def test_a_restart_keeps_the_keys(self) -> None:
        before = self.km.curve_publickey
        self.km.restart_kernel(now=False)
        self.kc.wait_for_ready(timeout=PATIENCE)
        self.assertEqual(self.km.curve_publickey, before)
        self.assertEqual(self.run_cell("print('again')"), "again\n")

    def test_a_client_that_leaves_the_keys_out_is_not_heard(self) -> None:
        info = self.km.get_connection_info()
        for key in ("curve_publickey", "curve_secretkey"):
            del info[key]
        stranger = BlockingKernelClient()
        stranger.load_connection_info(info)
        stranger.start_channels(hb=False)
        try:
            stranger.kernel_info()
            self.assertEqual(stranger.shell_channel.socket.poll(500, zmq.POLLIN), 0)
        finally:
            stranger.stop_channels()
