// Scrolls to the newest message, unless the person has scrolled up to read; then a button says there is more.
const NEAR_PIXELS = 90;

export default {
  template: `
    <div class="messages-frame">
      <div ref="list" class="messages" tabindex="0" role="log" aria-live="polite" :aria-label="label" @scroll.passive="look">
        <div ref="content" class="messages-content"><slot></slot></div>
      </div>
      <button v-if="behind" type="button" class="to-newest" @click="toNewest(true)">{{ newestLabel }}</button>
    </div>`,
  props: { label: String, newestLabel: String },
  data: () => ({ follows: true, behind: false }),
  mounted() {
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    this.behavior = () => (still.matches ? "auto" : "smooth");
    this.sizes = new ResizeObserver(() => (this.follows ? this.toNewest(this.settled) : (this.behind = true)));
    this.sizes.observe(this.$refs.content); // grows with every message, and when a picture has come
    this.window = new ResizeObserver(() => this.follows && this.toNewest(false)); // the keyboard opens
    this.window.observe(this.$refs.list);
    this.toNewest(false);
    setTimeout(() => (this.settled = true), 800); // the first pictures do not make the page glide
  },
  beforeUnmount() {
    this.sizes.disconnect();
    this.window.disconnect();
  },
  methods: {
    look() {
      const list = this.$refs.list;
      const near = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_PIXELS;
      if (near) this.follows = true;
      else if (list.scrollTop < this.top) this.follows = false; // only going up means reading
      this.top = list.scrollTop;
      if (near) this.behind = false;
    },
    toNewest(gliding) {
      const list = this.$refs.list;
      this.follows = true;
      this.behind = false;
      list.scrollTo({ top: list.scrollHeight, behavior: gliding ? this.behavior() : "auto" });
    },
  },
};
