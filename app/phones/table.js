// The phones on their table: beside each other where there is room, else to be swiped, with their names as tabs.
export default {
  template: `
    <div class="table-top">
      <nav class="tabs" :aria-label="label">
        <button v-for="(name, place) in names" :key="name" type="button" class="tab"
          :aria-current="place === current ? 'true' : null" @click="go(place)">{{ name }}</button>
      </nav>
      <div ref="row" class="phones" @scroll.passive="look"><slot></slot></div>
    </div>`,
  props: { label: String, names: Array },
  data: () => ({ current: 0 }),
  mounted() {
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
  },
  methods: {
    go(place) {
      const wanted = this.$refs.row.children[place];
      const behavior = this.still.matches ? "auto" : "smooth";
      this.current = place;
      this.$refs.row.scrollTo({ left: wanted.offsetLeft - this.$refs.row.offsetLeft, behavior });
    },
    look() {
      const row = this.$refs.row;
      const middle = row.scrollLeft + row.clientWidth / 2 + row.offsetLeft;
      const far = (child) => Math.abs(child.offsetLeft + child.offsetWidth / 2 - middle);
      const children = [...row.children];
      this.current = children.indexOf(children.reduce((best, child) => (far(child) < far(best) ? child : best)));
    },
  },
};
