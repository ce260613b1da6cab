export const shell = { title: "Items", user: "Ada" };
export const items = Array.from({ length: 50 }, (_, index) => {
  const id = index + 1;
  return { id, name: `Item number ${id}`, price: id * 1.5, stock: (id * 7) % 40 };
});
