/** Photographs made small enough for a model to be shown them; their makers look at no more than these edges anyway. */

const MAX_EDGE = 2000;
const QUALITY = 0.85;

/** A smaller one of the same image, or `file` where that is none. @param {File} file @returns {Promise<File>} */
export async function fitted(file) {
  if (!/^image\/(png|jpeg|webp)$/.test(file.type)) return file;
  try {
    const picture = await createImageBitmap(file);
    const scale = Math.min(1, MAX_EDGE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const made = await new Promise((/** @type {BlobCallback} */ take) => canvas.toBlob(take, "image/jpeg", QUALITY));
    if (!made || made.size >= file.size) return file;
    return new File([made], `${file.name.replace(/\.\w+$/, "")}.jpg`, { type: made.type });
  } catch {
    // What no browser can draw is sent as it is: the server says what it takes it for.
    return file;
  }
}
