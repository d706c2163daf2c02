// A button that sends a picture, made as small as messengers make theirs.
const SIDE_MAX = 1280;

export default {
  template: `
    <span class="camera">
      <button type="button" class="camera-button" :aria-label="label" :title="label" @click="$refs.file.click()">
        <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none" stroke="currentColor"
          stroke-width="1.8" stroke-linejoin="round">
          <path d="M4 8h3.2l1.6-2.4h6.4L16.8 8H20v11H4z"/><circle cx="12" cy="13" r="3.4"/>
        </svg>
      </button>
      <input ref="file" hidden type="file" accept="image/*" :aria-label="label" @change="send">
    </span>`,
  props: { label: String },
  methods: {
    async send() {
      const [file] = this.$refs.file.files;
      this.$refs.file.value = "";
      if (!file) return;
      let picture;
      try {
        picture = await createImageBitmap(file);
      } catch {
        this.$emit("unreadable");
        return;
      }
      const share = Math.min(1, SIDE_MAX / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(picture.width * share));
      canvas.height = Math.max(1, Math.round(picture.height * share));
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      this.$emit("picture", canvas.toDataURL("image/jpeg", 0.85).split(",")[1]);
    },
  },
};
