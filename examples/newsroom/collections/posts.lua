crap.collections.define("posts", {
  labels = { singular = "Post", plural = "Posts" },
  fields = {
    crap.fields.text({ name = "title", required = true }),
    crap.fields.textarea({ name = "body" }),
    crap.fields.select({
      name = "status",
      default_value = "draft",
      options = {
        { label = "Draft", value = "draft" },
        { label = "Published", value = "published" },
        { label = "Expired", value = "expired" },
      },
    }),
  },
})
