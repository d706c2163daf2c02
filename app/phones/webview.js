// A web page opened inside a phone: the payment page, in a frame of our own origin. Its last page tells us to close.
export default {
  template: `
    <section v-if="address" class="webview" :aria-label="label" @keydown.esc.stop="close">
      <header class="webview-head">
        <button ref="close" type="button" class="webview-close" @click="close">✕ Close</button>
        <span class="webview-host">{{ label }}</span>
      </header>
      <iframe ref="frame" class="webview-frame" :src="address" :title="label"></iframe>
    </section>`,
  props: { label: String },
  data: () => ({ address: null }),
  mounted() {
    window.addEventListener("message", this.hear);
  },
  beforeUnmount() {
    window.removeEventListener("message", this.hear);
  },
  methods: {
    show(address) {
      this.before = document.activeElement;
      this.address = address;
      this.$nextTick(() => this.$refs.close.focus());
    },
    hear(event) {
      if (event.source === this.$refs.frame?.contentWindow && event.data === "parley:back") this.close();
    },
    close() {
      this.address = null;
      this.before?.isConnected && this.before.focus();
      this.$emit("closed");
    },
  },
};
