// The field a message is written in. What is typed stays in the browser until it is sent, so that nothing
// is lost on a slow line; the server says `finish(true)` when it has the message, `finish(false)` when not.
const WAIT_MILLISECONDS = 8000;

export default {
  template: `
    <form class="composer" @submit.prevent="send">
      <label class="visually-hidden" :for="fieldId">{{ label }}</label>
      <textarea ref="field" class="composer-field" rows="1" dir="auto" enterkeyhint="send" autocomplete="off"
        v-model="text" :id="fieldId" :placeholder="label" :maxlength="lettersMax" :readonly="sending"
        :aria-describedby="fieldId + '-hint'" @input="grow" @keydown.enter="onEnter"></textarea>
      <button type="submit" class="composer-send" :disabled="sending || !text.trim()" :aria-label="sendLabel">
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
          <path d="M4 12h14M12 5.5 18.5 12 12 18.5" fill="none" stroke="currentColor" stroke-width="2.2"
            stroke-linecap="round" stroke-linejoin="round"/>
        </svg>
      </button>
      <p class="composer-hint" role="status" :id="fieldId + '-hint'">{{ hint }}</p>
    </form>`,
  props: {
    label: String,
    sendLabel: String,
    lettersSoft: Number, // from here on a hint says what will be read
    lettersMax: Number,
    takeFocus: Boolean,
  },
  data: () => ({ text: "", sending: false, refused: false, identity: null, waiting: null }),
  computed: {
    fieldId() {
      return "composer-" + this.$.uid;
    },
    hint() {
      if (this.refused) return "Not sent. Please try again.";
      const over = this.text.length - this.lettersSoft;
      if (over > 0) return `${over} characters too many: only the first ${this.lettersSoft} will be read.`;
      if (over > -400) return `${-over} characters left.`;
      return "";
    },
  },
  mounted() {
    if (this.takeFocus && matchMedia("(hover: hover)").matches) this.$refs.field.focus(); // no keyboard pops up on phones
  },
  beforeUnmount() {
    clearTimeout(this.waiting);
  },
  methods: {
    onEnter(event) {
      if (event.shiftKey || event.isComposing) return; // a new line; or an input method picks a word
      event.preventDefault();
      this.send();
    },
    send() {
      if (this.sending || !this.text.trim()) return;
      this.sending = true;
      this.refused = false;
      this.identity = this.identity ?? newIdentity(); // a second try of the same words is the same message
      this.waiting = setTimeout(() => this.finish(false), WAIT_MILLISECONDS);
      this.$emit("send", { id: this.identity, text: this.text });
      this.$refs.field.focus();
    },
    finish(taken) {
      clearTimeout(this.waiting);
      this.sending = false;
      this.refused = !taken;
      if (taken) {
        this.text = "";
        this.identity = null;
      }
      this.$nextTick(this.grow);
    },
    grow() {
      const field = this.$refs.field;
      field.style.height = "auto";
      field.style.height = Math.min(field.scrollHeight, 160) + "px";
    },
  },
  watch: {
    text() {
      if (!this.sending) {
        this.refused = false;
        this.identity = null;
      }
    },
  },
};

function newIdentity() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
